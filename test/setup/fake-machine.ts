import { createHash } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeZip } from './make-zip';

const LIBRARY = 'the library '.repeat(50);

/** A machine in a temporary folder: a `bin` with a pip and a compiler that note their calls, a cache, a tfjs-node. */
export class FakeMachine {
  readonly root = mkdtempSync(join(tmpdir(), 'cardinal-setup-'));
  readonly bin = this.folder('bin');
  readonly cache = join(this.root, 'cache');
  readonly tfjsNode = this.addTfjsNode('project');
  readonly served = join(this.root, 'served.whl');
  readonly wheel: Readonly<Record<string, unknown>> & { fileName: string; sha256: string };

  constructor() {
    const zip = makeZip({
      'tensorflow/libtensorflow_cc.so.2': LIBRARY,
      'tensorflow/libtensorflow_framework.so.2': 'small',
      'tensorflow/include/c/c_api.h': '// header',
      'tensorflow/include/c/unused.h': '// not needed',
      'tensorflow/NOTICES.txt': 'notices',
    });
    writeFileSync(this.served, zip);
    this.wheel = {
      package: 'tensorflow-cpu',
      version: '1.2.3',
      platform: 'test-x64',
      fileName: 'tensorflow.whl',
      bytes: zip.length,
      sha256: createHash('sha256').update(zip).digest('hex'),
      pythonVersion: '3.11',
      abi: 'cp311',
      platformTag: 'any',
      minimumGlibc: [0, 0],
      libraries: ['tensorflow/libtensorflow_cc.so.2', 'tensorflow/libtensorflow_framework.so.2'],
      headers: ['tensorflow/include/c/c_api.h'],
      notices: ['tensorflow/NOTICES.txt'],
    };
    this.addPip();
    this.addCompiler();
  }

  /** The environment that programs on this machine see. */
  get env(): Record<string, string> {
    return { PATH: this.bin };
  }

  /** What was called on this machine so far, a line each. */
  calls(): string[] {
    const log = join(this.root, 'calls');
    return existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [];
  }

  count(pattern: RegExp): number {
    return this.calls().filter((line) => pattern.test(line)).length;
  }

  /** A `python3` whose pip copies the served wheel into the folder that is asked for, after `before`. */
  addPip(before = ''): void {
    this.addProgram(
      'python3',
      `
      if [ "$3" = --version ]; then exit 0; fi
      while [ "$1" != --dest ]; do shift; done
      ${before}
      /bin/cp '${this.served}' "$2/tensorflow.whl"`,
    );
  }

  /** A compiler that puts its name into the file after `-o`. */
  addCompiler(before = ''): void {
    this.addProgram(
      'c++',
      `
      ${before}
      while [ "$1" != -o ]; do shift; done
      echo compiled > "$2"`,
    );
  }

  addProgram(name: string, lines: string): void {
    const path = join(this.bin, name);
    // Beside it and renamed: one that a killed set-up has just started cannot be written to.
    const written = `${path}.new`;
    writeFileSync(written, `#!/bin/sh\necho ${name} "$@" >> '${join(this.root, 'calls')}'\n${lines}\n`);
    chmodSync(written, 0o755);
    renameSync(written, path);
  }

  removeProgram(name: string): void {
    rmSync(join(this.bin, name));
  }

  addTfjsNode(project: string): string {
    const folder = this.folder(join(project, 'node_modules', '@tensorflow', 'tfjs-node'));
    mkdirSync(join(folder, 'binding'));
    const manifest = { name: '@tensorflow/tfjs-node', version: '4.22.0' };
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
    writeFileSync(join(folder, 'binding', 'tfjs_backend.cc'), '// source');
    writeFileSync(join(folder, 'binding', 'tfjs_binding.cc'), '// source');
    return folder;
  }

  folder(name: string): string {
    mkdirSync(join(this.root, name), { recursive: true });
    return join(this.root, name);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5 });
  }
}
