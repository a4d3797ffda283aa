/** `hard_sigmoid` as tfjs writes it when it loads a config: `hardSigmoid`. */
export function camelCase(identifier: string): string {
  return identifier.replace(/_+(\w|$)/g, (_, next: string) => next.toUpperCase());
}
