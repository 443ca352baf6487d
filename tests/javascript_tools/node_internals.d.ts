// What the runner uses of Node beside its documented interface.

import 'node:net';

declare global {
  namespace NodeJS {
    interface Process {
      _events: object;
      _getActiveHandles(): unknown[];
      _kill(pid: number, signal: number): number;
      binding(name: string): unknown;
    }
    interface Timeout {
      _destroyed: boolean;
      _idleStart: number;
      _idleTimeout: number;
    }
  }
}

declare module 'node:net' {
  function _normalizeArgs(given: any[]): [Record<string, any>, ((...given: any[]) => void) | null];
}

declare module 'node:http' {
  interface Agent {
    readonly options: object;
  }
}
