"""Code for the process of a Python database: it calls the scripts, and reports over a socket what they did.

It imports only the standard library, so that a process starts quickly. It keeps everything that it uses before the
first line of a script runs, so that a script that replaces `os.write` or `len` misleads only itself.
"""
