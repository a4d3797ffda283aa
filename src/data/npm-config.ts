import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Options for pacote: registry, proxy, certificates, credentials, retries. */
export type RegistryOptions = Record<string, unknown>;

type NpmConfig = Record<string, unknown>;

// npm's name of a setting and pacote's, for the settings that say how a package is reached.
const OPTION_NAMES: Record<string, string> = {
  registry: 'registry',
  proxy: 'proxy',
  'https-proxy': 'httpsProxy',
  ca: 'ca',
  cert: 'cert',
  key: 'key',
  'strict-ssl': 'strictSSL',
  'local-address': 'localAddress',
  maxsockets: 'maxSockets',
  'fetch-retries': 'fetchRetries',
  'fetch-timeout': 'timeout',
  'replace-registry-host': 'replaceRegistryHost',
  offline: 'offline',
  'prefer-offline': 'preferOffline',
};

/**
 * What the user's npm goes by when it fetches a package, as options for pacote: whoever can `npm install` behind a
 * mirror, a proxy or a company's certificate can fetch the data too.
 *
 * npm itself is asked; where it cannot be run, the `npm_config_*` variables count. Credentials are not among npm's
 * answers, so they are read from the `.npmrc` files it names, and go nowhere but into the options.
 *
 * @throws Error when `cafile` names a file that cannot be read
 */
export async function registryOptions(): Promise<RegistryOptions> {
  const config = (await askNpm()) ?? configFromEnvironment();
  const options: RegistryOptions = await credentials(config);
  for (const [setting, option] of Object.entries(OPTION_NAMES)) {
    const value = config[setting];
    if (value !== null && value !== undefined && value !== '') options[option] = value;
  }
  if (typeof config.cafile === 'string' && config.cafile !== '') {
    options.ca = (await readFile(config.cafile, 'utf8')).match(/-----BEGIN [^]*?-----END CERTIFICATE-----/g);
  }
  const noProxy = [config.noproxy].flat().filter(Boolean).join(',');
  if (noProxy !== '') options.noProxy = noProxy;
  // Without a network npm's cache may have the package. Otherwise it would only be given a second copy of it.
  if ((config.offline || config['prefer-offline']) && typeof config.cache === 'string') {
    options.cache = join(config.cache, '_cacache');
  }
  return options;
}

async function askNpm(): Promise<NpmConfig | undefined> {
  const ask = ['config', 'list', '--json'];
  const running = process.env.npm_execpath;
  const windows = process.platform === 'win32';
  try {
    const { stdout } = running?.endsWith('npm-cli.js')
      ? await promisify(execFile)(process.execPath, [running, ...ask])
      : await promisify(execFile)(windows ? 'npm.cmd' : 'npm', ask, { shell: windows });
    return JSON.parse(stdout) as NpmConfig;
  } catch {
    return undefined;
  }
}

function configFromEnvironment(): NpmConfig {
  const config: NpmConfig = {};
  for (const [variable, value] of Object.entries(process.env)) {
    const setting = /^npm_config_([a-z].*)$/i.exec(variable)?.[1].toLowerCase().replaceAll('_', '-');
    if (setting !== undefined) config[setting] = value === 'true' || (value === 'false' ? false : value);
  }
  return config;
}

/** Settings of the form `//host/path/:_authToken`, from all `.npmrc` files, the nearest winning. */
async function credentials(config: NpmConfig): Promise<RegistryOptions> {
  const files = [config.globalconfig, config.userconfig, join(projectFolder(), '.npmrc')];
  const found: RegistryOptions = {};
  for (const file of files) {
    if (typeof file !== 'string') continue;
    const text = await readFile(file, 'utf8').catch(() => '');
    for (const line of text.split('\n')) {
      const [, setting, value] = /^\s*(\/\/[^=\s]+)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
      if (setting !== undefined) found[setting] = expandVariables(value.replace(/^(["'])(.*)\1$/, '$2'));
    }
  }
  for (const [variable, value] of Object.entries(process.env)) {
    const setting = /^npm_config_(\/\/.+)$/i.exec(variable)?.[1];
    if (setting !== undefined) found[setting] = value;
  }
  return found;
}

function expandVariables(value: string): string {
  return value.replace(/\$\{([^}]+)\}/g, (reference, name: string) => process.env[name] ?? reference);
}

/** The folder whose `.npmrc` npm reads: where npm was started, or the process. */
function projectFolder(): string {
  const manifest = process.env.npm_package_json;
  return manifest ? dirname(manifest) : process.cwd();
}
