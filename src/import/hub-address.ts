import { check } from '../errors';

/** Where the Hugging Face hub is, unless the environment says another place by HF_ENDPOINT. */
export const HUB_ENDPOINT = 'https://huggingface.co';

/** A file of a repository on the hub. */
export interface HubAddress {
  /** `OWNER/REPO`. */
  readonly repository: string;
  /** Branch, tag or commit. */
  readonly revision: string;
  /** Path in the repository. */
  readonly file: string;
}

const SCHEME = 'hf:';
const FORM = /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/;

/**
 * Reads `hf:OWNER/REPO`, with `/FILE` (`model.safetensors` by default) and `@REVISION` (`main`) where there are such. The
 * revision may also stand after the repository: `hf:OWNER/REPO@REVISION/FILE`.
 *
 * @returns `undefined` for a text that does not begin with `hf:`
 * @throws InvalidArgumentError for one that does and is of another form
 *
 * @example
 * hubAddress('hf:timm/resnet18.tv_in1k@main');
 * // { repository: 'timm/resnet18.tv_in1k', revision: 'main', file: 'model.safetensors' }
 */
export function hubAddress(source: string): HubAddress | undefined {
  if (!source.startsWith(SCHEME)) return undefined;
  const form = 'hf:OWNER/REPO, hf:OWNER/REPO/FILE.safetensors or either with @REVISION';
  const [owner = '', ...rest] = source.slice(SCHEME.length).split('/');
  let [repository = ''] = rest;
  let file = rest.slice(1).join('/');
  let revision: string | undefined;
  if (file.includes('@')) [file, revision] = cut(file);
  else if (repository.includes('@')) [repository, revision] = cut(repository);
  // The slashes of a reference such as refs/pr/1 cannot be told from those of a path, unless no path follows.
  const whole = revision === undefined ? `${owner}/${repository}` : `${owner}/${repository}@${revision}`;
  const parts = file.split('/');
  const isPath = file === '' || parts.every((part) => part !== '' && part !== '.' && part !== '..');
  check(FORM.test(whole) && isPath && !/[?#\\]/.test(file), 'weights', form, source);
  return {
    repository: `${owner}/${repository}`,
    revision: revision ?? 'main',
    file: file || 'model.safetensors',
  };
}

function cut(text: string): [before: string, after: string] {
  const at = text.indexOf('@');
  return [text.slice(0, at), text.slice(at + 1)];
}

/** Where a file is to be had. */
export function hubUrl({ repository, revision, file }: HubAddress, endpoint = HUB_ENDPOINT): string {
  const path = file.split('/').map(encodeURIComponent).join('/');
  return `${endpoint.replace(/\/+$/, '')}/${repository}/resolve/${encodeURIComponent(revision)}/${path}`;
}

/** Whether a source is an address that a fetch can be made to. */
export function isHttpUrl(source: string): boolean {
  return /^https?:\/\//i.test(source);
}
