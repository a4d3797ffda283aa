import { loadTfjsNode } from '../../src/backends/tensorflow/load-tfjs-node';
import { useBackend } from '../../src/backends/use-backend-node';

// Run by a test in a process of its own, which a damaged addon would end.
async function main(): Promise<void> {
  let refused = '';
  try {
    loadTfjsNode();
  } catch (error) {
    refused = (error as Error).message;
  }
  const { backend } = await useBackend('auto');
  process.stdout.write(JSON.stringify({ refused, backend }));
}

void main();
