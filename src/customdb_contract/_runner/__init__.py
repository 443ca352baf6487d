"""What runs in the process of a Python database: it calls the scripts, and reports over a socket what they did.

Nothing here imports more than the standard library, so that a process starts quickly; and what it uses, it keeps
before the first line of a script runs, so that a script that replaces `os.write` or `len` misleads only itself.
"""
