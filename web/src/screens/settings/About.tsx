// Versions, and what the connection did: everything that a report of a fault needs, and nothing that is private.
import { Failed } from '../../components/basics.tsx';
import { tell } from '../../components/overlay.tsx';
import { attempt, useLoaded } from '../../lib/asking.ts';
import { CLIENT, connectionLog, status, theClient } from '../../state/app.ts';
import { install, installState } from '../../state/install.ts';
import { t } from '../../strings.ts';

async function serverVersion(): Promise<string> {
  const answer = await fetch('/v1/openapi.json');
  const { info } = (await answer.json()) as { info: { version: string } };
  return info.version;
}

function Install() {
  const state = installState.value;
  if (state === 'unsupported') return null;
  return (
    <section class="card" data-install={state}>
      <h3>{t.install}</h3>
      <p class="hint">{{ now: t.installHint, home: t.installHome, installed: t.installed }[state]}</p>
      {state === 'now' ? (
        <button type="button" class="button" onClick={() => attempt(install)}>
          {t.installNow}
        </button>
      ) : null}
    </section>
  );
}

export function AboutPage() {
  const c = theClient();
  const server = useLoaded(serverVersion);
  const now = status.value;
  const skew = Math.round(c.clockSkew / 60_000);
  const state = now ? t.connectionStates[now.state] : '…';
  const facts: [string, string][] = [
    [t.version, CLIENT],
    [t.serverName, server.value ?? '…'],
    [t.serverAddress, location.host],
    [t.accountName, `@${c.me.name} (${c.me.id})`],
    [t.deviceId, c.hello?.device ?? '…'],
    [t.connectionNow, now?.transport ? `${state} (${now.transport})` : state],
  ];
  const lines = connectionLog.value;
  const copy = (): void => {
    const named = facts.map(([name, value]) => `${name}: ${value}`);
    navigator.clipboard?.writeText([...named, navigator.userAgent, '', ...lines].join('\n')).then(
      () => tell(t.copied),
      () => {},
    );
  };
  return (
    <>
      <Install />
      <section class="card">
        <dl class="facts">
          {facts.map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd dir="auto">{value}</dd>
            </div>
          ))}
        </dl>
        {server.failed ? <Failed again={server.again} /> : null}
        {Math.abs(skew) > 2 ? <p class="notice">{t.clockWrong(Math.abs(skew))}</p> : null}
      </section>
      <section class="card">
        <h3>{t.connectionLog}</h3>
        <p class="hint">{t.connectionLogHint}</p>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scroller must be reachable by keyboard */}
        <pre class="log" tabIndex={0} role="log" aria-label={t.connectionLog}>
          {lines.join('\n')}
        </pre>
        <button type="button" class="button button-plain" onClick={copy}>
          {t.copyReport}
        </button>
      </section>
    </>
  );
}
