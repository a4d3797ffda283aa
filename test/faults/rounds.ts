/** How often a test of faults is tried: `few` times in `npm test`, `many` times in `npm run test:faults`. */
export const rounds = (few: number, many: number): number =>
  process.env.TEST_FAULTS === 'full' ? many : few;
