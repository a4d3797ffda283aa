import { cacheFolder, usableCacheFolder } from '../../src/data/cache-folder';

// Run by a test in a process of its own, with the home that is to be tried.
process.stdout.write(JSON.stringify([cacheFolder(), usableCacheFolder()]));
