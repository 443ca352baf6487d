'use strict';

// Measures which code of the runner a process runs, and writes that down when the process ends: while `make test`
// measures coverage, the tests of the runner start Node with this file, which is loaded before the runner.

const fs = require('node:fs');
const path = require('node:path');
const { Session } = require('node:inspector');
const { pathToFileURL } = require('node:url');

const SIGKILL = 9;
const FOLDER = path.join(__dirname, 'measured');
const RUNNER = pathToFileURL(path.join(__dirname, '../../src/customdb_contract/bridges/node/runner/')).href;

// Scripts may replace whatever they find, so what is used at the end is kept, and made, now.
const { renameSync, writeFileSync } = fs;
const { stringify } = JSON;
const { apply } = Reflect;
const { startsWith } = String.prototype;
const { _kill: kill, pid } = process;
const file = path.join(FOLDER, `coverage-${pid}-${process.hrtime.bigint()}.json`);
// A process that is killed meanwhile leaves no half of a file.
const part = `${file}.part`;

const session = new Session();
session.connect();
session.post('Profiler.enable');
session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
fs.mkdirSync(FOLDER, { recursive: true });

let isWritten = false;

function write() {
  if (isWritten) return;
  isWritten = true;
  session.post('Profiler.takePreciseCoverage', (_, taken) => {
    let result = '';
    for (let index = 0; index < taken.result.length; index += 1) {
      const script = taken.result[index];
      if (apply(startsWith, script.url, [RUNNER])) result += `${result && ','}${written(script)}`;
    }
    try {
      writeFileSync(part, `{"result":[${result}]}`);
      renameSync(part, file);
    } catch {
      // What a script has done to Node itself may keep it from writing anything.
    }
  });
}

/**
 * What was measured of a script, as JSON; put together by hand, for objects may have a `toJSON` by now.
 * @type {(script: import('node:inspector').Profiler.ScriptCoverage) => string}
 */
function written({ scriptId, url, functions }) {
  let text = '';
  for (let index = 0; index < functions.length; index += 1) {
    const { functionName, isBlockCoverage, ranges } = functions[index];
    let counts = '';
    for (let place = 0; place < ranges.length; place += 1) {
      const { startOffset, endOffset, count } = ranges[place];
      counts += `${counts && ','}{"startOffset":${startOffset},"endOffset":${endOffset},"count":${count}}`;
    }
    const named = `"functionName":${stringify(functionName)},"isBlockCoverage":${isBlockCoverage}`;
    text += `${text && ','}{${named},"ranges":[${counts}]}`;
  }
  return `{"scriptId":${stringify(scriptId)},"url":${stringify(url)},"functions":[${text}]}`;
}

// The runner ends its process by this.
process._kill = (/** @type {number} */ target, /** @type {number} */ signal) => {
  if (target === pid && signal === SIGKILL) write();
  return kill(target, signal);
};
// The runner listens, too: what it does then is to be measured, so this one listens later.
process.nextTick(() => process.on('exit', write));
