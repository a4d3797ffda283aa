/**
 * How many random geometries a suite takes: `share` of them, or as many as `npm run test:geometries` says, in runs of 50
 * that are a test each.
 */
export function geometryRuns(share: number): { from: number; to: number }[] {
  const count = Number(process.env.TEST_GEOMETRIES ?? share);
  return Array.from({ length: Math.ceil(count / RUN) }, (_, run) => ({
    from: run * RUN,
    to: Math.min(count, (run + 1) * RUN),
  }));
}

const RUN = 50;
