import { CardinalError } from '../../../src/errors';

/** Such work is not done here at all, which is no failure. */
export class UnsupportedError extends CardinalError {
  override name = 'UnsupportedError';
}
