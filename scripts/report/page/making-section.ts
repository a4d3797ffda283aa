import type { Report, ReportRun } from '../report';
import { Html, html } from './html';

/** On what and of what state the numbers are, and how to have them again. */
export function makingSection({ machine, commit, date, groups, unfinished }: Report): Html {
  const hash =
    commit.hash === null
      ? 'not known'
      : `${commit.hash.slice(0, 12)}${commit.isDirty ? ', with changes' : ''}`;
  const facts = Object.entries({
    ...machine,
    commit: hash,
    'report of': date.replace('T', ' ').slice(0, 16) + ' UTC',
  });
  return html`<section id="making" aria-labelledby="making-title">
    <h2 id="making-title">How it was made</h2>
    <p class="muted">
      This report, and what it measured. The runs' own versions, where they differ, stand by their lines
      below.
    </p>
    <dl>
      ${facts.map(
        ([name, value]) =>
          html`<dt>${name}</dt>
            <dd>${value}</dd>`,
      )}
    </dl>
    ${
      unfinished.length > 0 &&
      html`<p>
        Left out, because not finished:
        ${unfinished.map((folder, i) => html`${i > 0 && ', '}<code>${folder}</code>`)}.
      </p>`
    }
    <h3>The runs again</h3>
    ${groups.map(
      ({ label, runs }) =>
        html`<h4>${label}</h4>
          ${commands(runs.map(({ command }) => command))} ${runs.map((run) => remarks(run, machine))}`,
    )}
  </section>`;
}

function differs(
  versions: Readonly<Record<string, string>>,
  here: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(versions).some(([name, version]) => here[name] !== version);
}

// As it stands, since a `pre` shows every space.
function commands(lines: readonly string[]): Html {
  return new Html(`<pre tabindex="0"><code>${html`${lines.join('\n')}`.text}</code></pre>`);
}

function remarks({ run, missingOptions, versions }: ReportRun, machine: Report['machine']): Html {
  const made = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return html`${
    missingOptions.length > 0 &&
    html`<p class="note">${run}: no option of the command line says ${missingOptions.join(', ')}.</p>`
  }
  ${differs(versions, machine) && html`<p class="note">${run} was made with ${made.join(', ')}.</p>`}`;
}
