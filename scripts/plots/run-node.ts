import { spawn } from 'node:child_process';
import { CardinalError } from '../../src/errors';

/**
 * What a program for Node makes of a text: for libraries of ES modules, which neither this package's output nor jest
 * loads.
 *
 * @throws CardinalError with what the program said, where it fails
 */
export async function runNode(args: readonly string[], input: string): Promise<string> {
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const [output, complaints]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on('data', (data: Buffer) => output.push(data));
  child.stderr.on('data', (data: Buffer) => complaints.push(data));
  child.stdin.on('error', () => {}); // it ended before it had read all, and says why
  child.stdin.end(input);
  const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  if (code !== 0) throw new CardinalError(Buffer.concat(complaints).toString().trim());
  return Buffer.concat(output).toString();
}
