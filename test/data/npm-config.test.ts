import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { registryOptions } from '../../src/data/npm-config';
import { temporaryFolders } from './made-data';

const folder = temporaryFolders();
const environment = process.env;
afterEach(() => (process.env = environment));

/** A folder where npm is a script that answers with `config`, and which is the project. */
function withNpm(config: Record<string, unknown>, variables: Record<string, string> = {}): string {
  const made = folder();
  const npm = join(made, 'npm-cli.js');
  writeFileSync(npm, `process.stdout.write(${JSON.stringify(JSON.stringify(config))})`);
  process.env = { npm_execpath: npm, npm_package_json: join(made, 'package.json'), ...variables };
  return made;
}

describe('registryOptions', () => {
  it("takes over npm's settings under pacote's names, and only those that are set", async () => {
    withNpm({
      registry: 'http://mirror.test/npm/',
      'https-proxy': 'http://proxy.test:3128',
      proxy: null,
      noproxy: ['a.test', 'b.test'],
      'strict-ssl': false,
      'fetch-retries': 0,
      'fetch-timeout': 1000,
      offline: false,
      'prefer-offline': false,
      cache: '/npm-cache',
      cafile: null,
      editor: 'vi',
    });
    expect(await registryOptions()).toEqual({
      registry: 'http://mirror.test/npm/',
      httpsProxy: 'http://proxy.test:3128',
      noProxy: 'a.test,b.test',
      strictSSL: false,
      fetchRetries: 0,
      timeout: 1000,
      offline: false,
      preferOffline: false,
    });
  });

  it('reads the certificates of cafile one by one', async () => {
    const certificate = (text: string) => `-----BEGIN CERTIFICATE-----\n${text}\n-----END CERTIFICATE-----`;
    const file = join(folder(), 'ca.pem');
    writeFileSync(file, `# ours\n${certificate('one')}\n\n${certificate('two')}\n`);
    withNpm({ cafile: file });
    expect(await registryOptions()).toEqual({ ca: [certificate('one'), certificate('two')] });
  });

  it("uses npm's cache when there is no network, and only then", async () => {
    withNpm({ offline: true, cache: '/npm-cache' });
    expect(await registryOptions()).toEqual({ offline: true, cache: join('/npm-cache', '_cacache') });
  });

  it('finds credentials where npm does: variables before project before user', async () => {
    const user = join(folder(), 'npmrc');
    writeFileSync(
      user,
      '//mirror.test/:_authToken=user\n//mirror.test/:always = "yes"\nregistry=http://no.test\n',
    );
    const made = withNpm(
      { userconfig: user },
      { TOKEN: 'expanded', 'npm_config_//other.test/:_auth': 'variable' },
    );
    writeFileSync(
      join(made, '.npmrc'),
      '; a comment\n//mirror.test/:_authToken=${TOKEN}\r\n//x/:_auth=${NONE}\n',
    );
    expect(await registryOptions()).toEqual({
      '//mirror.test/:_authToken': 'expanded',
      '//mirror.test/:always': 'yes',
      '//x/:_auth': '${NONE}',
      '//other.test/:_auth': 'variable',
    });
  });

  it('falls back on the variables where npm cannot be run', async () => {
    const made = withNpm({});
    writeFileSync(join(made, 'npm-cli.js'), 'process.exit(1)');
    Object.assign(process.env, {
      npm_config_registry: 'http://mirror.test/',
      NPM_CONFIG_STRICT_SSL: 'false',
    });
    expect(await registryOptions()).toEqual({ registry: 'http://mirror.test/', strictSSL: false });
  });
});
