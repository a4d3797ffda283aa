import { z } from 'zod';

// Each message is what an error then says was expected.
const whole = (least: number) =>
  z.custom<number>(
    (value) => Number.isSafeInteger(value) && (value as number) >= least,
    `a whole number of at least ${least}`,
  );
// Titles and labels go to terminals and into tables, where characters that are not seen do harm.
const words = (expectation: string) =>
  z
    .custom<string>(
      (value) => typeof value === 'string' && /^[^\p{C}]+$/u.test(inOneLine(value)),
      expectation,
    )
    .transform(inOneLine);
const inOneLine = (text: string): string => text.trim().replace(/\s+/g, ' ');
const mapping = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z.strictObject(shape, {
    error: ({ code }) =>
      code === 'invalid_type' ? `keys with values (${Object.keys(shape).join(', ')})` : undefined,
  });
const list = <Item extends z.ZodType>(item: Item, of: string) =>
  z.array(item, { error: `a list of ${of}` }).min(1, { error: `a list of ${of}` });

const values = {
  model: words('the name of a model'),
  groups: whole(1),
  width: whole(1),
  subset: whole(1),
  recipe: words('the name of one of the recipes'),
  seed: whole(0),
};
const { model, ...others } = values;
const dataSchema = mapping({ subset: whole(1), validation: whole(0) }).partial();
const matrixSchema = mapping({
  model: list(values.model, 'names of models'),
  groups: list(values.groups, 'numbers'),
  width: list(values.width, 'numbers'),
  subset: list(values.subset, 'numbers of images'),
  recipe: list(values.recipe, 'names of recipes'),
  seed: list(values.seed, 'numbers'),
}).partial();
const includeSchema = mapping({ ...others, label: words('a text in one line') })
  .partial()
  .extend({ model });
const excludeSchema = mapping(values).partial();
const recipeSchema = z.record(z.string(), z.unknown(), { error: 'parts of a recipe, such as epochs: 8' });

/** What an experiment's file holds. */
export const definitionSchema = mapping({
  /** What its folder and its files are called. */
  name: z.custom<string>(
    (value) => typeof value === 'string' && /^[a-z0-9][\w.-]*$/i.test(value),
    'a name of letters, digits, hyphens and underscores',
  ),
  title: words('a title in one line').optional(),
  /** What is to be found out, as a sentence. */
  question: words('a question in one line').optional(),
  /** What holds for each run unless it says otherwise. */
  data: dataSchema.optional(),
  /** Parts of recipes by name; `resolveRecipe` checks what is in them. */
  recipes: z.record(z.string(), recipeSchema, { error: 'recipes by name' }).optional(),
  /** Every combination of these is run. */
  matrix: matrixSchema.optional(),
  /** Combinations beside the matrix; without a seed, once for each of the matrix. */
  include: list(includeSchema, 'combinations').optional(),
  /** Combinations of the matrix that have all of these values are left out. */
  exclude: list(excludeSchema, 'parts of combinations').optional(),
});

export type ExperimentDefinition = z.infer<typeof definitionSchema>;

/** The keys that a mapping in a part of the file may have, or the file itself. */
export function keysOf(part: PropertyKey | undefined): string[] {
  const parts = { data: dataSchema, matrix: matrixSchema, include: includeSchema, exclude: excludeSchema };
  return Object.keys((part === undefined ? definitionSchema : parts[part as keyof typeof parts]).shape);
}
