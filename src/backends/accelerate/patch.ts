/** Something that can be put in place; what it returns takes it out again. */
export type Patch = () => () => void;

/** Replaces one method of an object or prototype until it is undone, also where the method was an inherited one. */
export function replaceMethod<T extends object, Name extends keyof T & string>(
  target: T,
  name: Name,
  make: (stock: T[Name]) => T[Name],
): () => void {
  const own = Object.getOwnPropertyDescriptor(target, name);
  const value = make(target[name]);
  Object.defineProperty(target, name, { value, configurable: true, writable: true, enumerable: false });
  return () => {
    if (own === undefined) delete target[name];
    else Object.defineProperty(target, name, own);
  };
}
