import { isModelName, listModels, type ModelName } from '../../models/catalogue';
import { unknownChoice } from '../../src/errors';

/**
 * Throws unless a name is one of the zoo. What a command is about is checked before what follows from it, so that a slip in
 * the name is not answered by a question for `--to`; and before TensorFlow is loaded, which takes a second.
 *
 * @throws InvalidArgumentError suggesting the nearest name
 */
export function checkModelName(name: string): asserts name is ModelName {
  if (!isModelName(name)) throw unknownChoice('model', name, listModels());
}
