/** What a run was tested on. */
export interface TestedOn {
  /** Such as `cifar10/test`; `…/validation` where there were no other images. */
  readonly testData: string;
  readonly testImages: number;
}

/** Which of a dataset's parts that is. */
export function testedPart(testData: string): 'test' | 'validation' {
  // A folder without images for the test is tested on those that chose the epoch, which flatters.
  return testData.endsWith('/validation') ? 'validation' : 'test';
}

/**
 * What a run was tested on, in words.
 *
 * @example
 * testedText({ testData: 'flowers/validation', testImages: 60 }); // '60 validation images of flowers'
 */
export function testedText({ testData, testImages }: TestedOn): string {
  const data = testData.replace(/\/(test|validation)$/, '');
  return `${testImages.toLocaleString('en-US')} ${testedPart(testData)} images of ${data}`;
}

/**
 * The images that an accuracy is of, as a sentence goes on after it.
 *
 * @example
 * testedNoun('flowers/validation'); // 'validation images (which also chose the epoch)'
 */
export function testedNoun(testData: string): string {
  return testedPart(testData) === 'test' ? 'test images' : 'validation images (which also chose the epoch)';
}

/**
 * What the accuracies of runs are called together: `accuracy` where some are of test images and some of validation images.
 *
 * @param testData of each run
 */
export function accuracyName(testData: readonly string[]): string {
  const parts = new Set(testData.map(testedPart));
  return parts.size === 1 ? `${[...parts][0]} accuracy` : 'accuracy';
}
