// Writes an export as its arguments say, and kills itself before the n-th change.
import { beforeChange } from '../../support/nth-change';
import { EXPORT_WRITES } from '../made-exports';

const [kind, to, n, generation] = process.argv.slice(2);
beforeChange(Number(n), () => process.kill(process.pid, 'SIGKILL'));
void EXPORT_WRITES[kind](to, generation);
