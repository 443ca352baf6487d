"""Ways in which JavaScript can damage the process that it shares with the runner."""

__all__ = ["BREAKING", "BUILT_INS"]


def replaced(holder: str, names: str) -> list[str]:
    """Each of the methods replaced by one that fails, and by one that returns rubbish."""
    methods = [f"{holder}[{name}]" if name.startswith("Symbol") else f"{holder}.{name}" for name in names.split()]
    return [f"{method} = {how};" for method in methods for how in ("() => { throw 1; }", "() => 'rubbish'")]


BUILT_INS: dict[str, list[str]] = {
    "json": [
        *replaced("JSON", "parse stringify"),
        "const own = JSON.stringify; JSON.stringify = (value) => { value.late = [{ call: 9 }]; return own(value); };",
        "JSON.stringify = () => '{}\\n{}';",
        "globalThis.JSON = null;",
    ],
    "object": [
        *replaced("Object", "keys entries values fromEntries assign create freeze getOwnPropertyNames is hasOwn"),
        *replaced("Object", "defineProperty getPrototypeOf getOwnPropertyDescriptors getOwnPropertySymbols"),
        *replaced("Reflect", "apply ownKeys get set defineProperty getPrototypeOf"),
        *replaced("Object.prototype", "toJSON toString valueOf hasOwnProperty _bsontype"),
        "Object.prototype._bsontype = 'ObjectId';",
    ],
    "getters on all objects": [
        f"""const accessor = {{ __proto__: null, configurable: true, get() {{ {how} }}, set() {{ {how} }} }};
            Object.defineProperty(Object.prototype, '{name}', accessor);"""
        for name in (
            *("late", "notes", "id", "outcome", "callbacks", "raised", "open", "call", "cancel", "location", "token"),
            *("name", "message", "stack", "constructor", "value", "get", "set", "text", "kind", "size", "arguments"),
            *("$special", "$error", "toJSON", "_bsontype"),
        )
        for how in ("throw 1;", "return 'rubbish';")
    ],
    "array": [
        *replaced("Array.prototype", "push map some forEach splice slice join includes indexOf filter concat"),
        *replaced("Array.prototype", "Symbol.iterator toJSON toString keys"),
        *replaced("Array", "isArray from of"),
        "Array.prototype[Symbol.iterator] = function* () {};",
    ],
    "text": [
        *replaced("String.prototype", "slice split indexOf startsWith replace charCodeAt includes toString valueOf"),
        *replaced("String.prototype", "toJSON Symbol.iterator trim padStart"),
        *replaced("RegExp.prototype", "exec test Symbol.match Symbol.split Symbol.replace"),
        "globalThis.String = null;",
    ],
    "collections": [
        f"{kind}.prototype.{name} = {how};"
        for kind in ("Map", "Set", "WeakMap", "WeakSet")
        for name in ("get", "set", "has", "add", "delete", "forEach", "entries")
        for how in ("() => { throw 1; }", "() => null", "() => ({ escaped() {}, notice: 1, print: {} })")
    ],
    "numbers and dates": [
        *replaced("Number", "isFinite isSafeInteger isNaN"),
        *replaced("Number.prototype", "toString valueOf"),
        *replaced("Math", "min max floor"),
        *replaced("Date", "now"),
        *replaced("require('perf_hooks').performance", "now"),
        *replaced("process", "hrtime"),
        "Object.getPrototypeOf(require('perf_hooks').performance).now = () => -1e9;",
        "process.hrtime = () => [NaN, -1];",
        "globalThis.Date = globalThis.Number = globalThis.Math = globalThis.BigInt = globalThis.Symbol = null;",
    ],
    "functions and errors": [
        *replaced("Function.prototype", "call bind toString"),
        "Object.defineProperty(Error, Symbol.hasInstance, { value: () => true });",
        "Object.defineProperty(Object, Symbol.hasInstance, { value: () => true });",
        "Error.prepareStackTrace = () => { throw 1; };",
        "Error.stackTraceLimit = -1;",
        "globalThis.Error = function () {}; globalThis.TypeError = globalThis.SyntaxError = null;",
    ],
    "promises": [
        "Object.defineProperty(Promise, Symbol.species, { get() { throw 1; } });",
        *replaced("Promise.prototype", "then catch finally"),
        "globalThis.Promise = null;",
    ],
    "what Node has": [
        *replaced("require('fs')", "writeSync readFileSync write"),
        *replaced("require('net').Socket.prototype", "write read push emit on ref unref destroy _write _read"),
        *replaced("require('stream').Readable.prototype", "read push on emit"),
        *replaced("require('stream').Writable.prototype", "write end"),
        """const { Socket } = require('net');
           for (const key of Object.getOwnPropertySymbols(Socket.prototype)) Socket.prototype[key] = null;""",
        *replaced(
            "require('async_hooks').AsyncLocalStorage.prototype", "getStore run enterWith exit _enable _propagate"
        ),
        *replaced("require('async_hooks').AsyncResource.prototype", "runInAsyncScope"),
        *replaced("require('util').types", "isDate isMap isNativeError isProxy isPromise"),
        *replaced("require('util/types')", "isDate isMap isNativeError isProxy isPromise"),
        *replaced("require('vm').Script.prototype", "runInThisContext"),
        *replaced("Buffer", "from alloc"),
        *replaced("Buffer.prototype", "toString latin1Slice utf8Write subarray"),
        *replaced("Object.getPrototypeOf(Uint8Array.prototype)", "subarray set slice"),
        *replaced("globalThis", "setImmediate setTimeout clearTimeout queueMicrotask"),
        *replaced("process", "kill exit nextTick getActiveResourcesInfo _kill"),
        *replaced("process.stdout", "write"),
        "globalThis.console = null;",
        "Object.getPrototypeOf(setInterval(() => 1, 1e9).unref()).ref = () => { throw 1; };",
        "globalThis.Buffer = globalThis.Uint8Array = globalThis.TextEncoder = globalThis.Atomics = null;",
        "process.pid = 1;",
        *replaced("require('module')", "createRequire"),
        "require('module')._load = () => 'rubbish';",
    ],
    "handles": [
        "for (const handle of process._getActiveHandles()) handle.destroy?.();",
        "for (const handle of process._getActiveHandles()) handle.removeAllListeners?.();",
        """const own = require('async_hooks').executionAsyncResource();
           own.close?.(); own.onread = null; own.readStop?.();""",
        """const own = require('async_hooks').executionAsyncResource();
           for (const key of Object.getOwnPropertySymbols(own)) {
             const store = own[key];
             if (store === null || typeof store !== 'object') continue;
             for (const name of Object.getOwnPropertyNames(store)) store[name] = null;
             for (const name of ['id', 'end', 'callbacks', 'late', 'print']) store[name] = null;
           }""",
        """const own = require('async_hooks').executionAsyncResource();
           for (const key of Object.getOwnPropertySymbols(own)) if (/Store/i.test(String(key))) own[key] = 7;""",
        "for (const key of Object.keys(require('module')._cache)) if (/runner/.test(key)) throw new Error(key);",
        "if (process.mainModule?.children.length) throw new Error('children');",
        "if (process.argv.length !== 2) throw new Error(process.argv.join());",
    ],
}


# Node itself relies on these: the process is then lost, and the next one is unaffected.
BREAKING = [
    "Array.prototype.pop = () => { throw 1; };",
    "Function.prototype.apply = () => { throw 1; };",
    "Object.defineProperty(Object.prototype, '0', { set() { throw 1; } });",
    "Object.defineProperty(Array.prototype, '1', { set() { throw 1; } });",
    "for (const name of Object.getOwnPropertyNames(process)) try { process[name] = null; } catch {}",
    """for (const name of Object.getOwnPropertyNames(globalThis))
         if (name !== 'eval') try { globalThis[name] = null; } catch {}""",
    "process.removeAllListeners(); setImmediate(() => { throw 1; }); await new Promise(() => 1);",
    "process.listeners('exit')[0](); process.listeners('beforeExit')[0]();",
    "process.emit('exit', {}); process.emit('uncaughtException', null, null); process.emit('unhandledRejection');",
    "process.on('exit', () => { for (;;); }); process.exit();",
    "for (let fd = 0; fd < 64; fd += 1) try { require('fs').closeSync(fd); } catch {}",
    "process.kill(process.pid, 'SIGSTOP');",
    "process.reallyExit(7);",
    "process.abort();",
    "process.exitCode = {}; process.exit({});",
    "Object.prototype.errno = -5;",
    "require('v8').setFlagsFromString('--stack-size=10');",
    "require('async_hooks').createHook({ before() { throw 1; } }).enable();",
]
