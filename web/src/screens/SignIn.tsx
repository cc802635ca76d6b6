// Sign in, or make an account.
import { ParleyError, rest } from '@parley/sdk';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { TextField } from '../components/basics.tsx';
import { go } from '../lib/route.ts';
import { ended, signedIn } from '../state/app.ts';
import { t, wordsFor } from '../strings.ts';

function deviceName(): string {
  const ua = navigator.userAgent;
  const browser = /Firefox/.test(ua)
    ? 'Firefox'
    : /Edg\//.test(ua)
      ? 'Edge'
      : /Chrome/.test(ua)
        ? 'Chrome'
        : 'Safari';
  const system = /Android/.test(ua)
    ? 'Android'
    : /iPhone|iPad/.test(ua)
      ? 'iOS'
      : /Windows/.test(ua)
        ? 'Windows'
        : /Mac/.test(ua)
          ? 'macOS'
          : 'Linux';
  return `${browser} on ${system}`;
}

/** The heading of a screen that came in place of another: it has the focus, so that it is read out and keys start there. */
export function NewHeading({ children }: { children: string }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useLayoutEffect(() => heading.current?.focus(), []);
  return (
    <h1 ref={heading} tabIndex={-1}>
      {children}
    </h1>
  );
}

export function Logo() {
  return (
    <svg class="logo" viewBox="0 0 64 64" width="64" height="64" aria-hidden="true">
      <rect width="64" height="64" rx="15" fill="#0A5BD0" />
      <path
        d="M17 18h30a5 5 0 0 1 5 5v16a5 5 0 0 1-5 5H31l-10 8v-8h-4a5 5 0 0 1-5-5V23a5 5 0 0 1 5-5Z"
        fill="#fff"
      />
      <path
        d="m22 31 5 5 9-10M33 34.500l1.500 1.500 9-10"
        fill="none"
        stroke="#0A5BD0"
        stroke-width="3.200"
        stroke-linecap="round"
        stroke-linejoin="round"
      />
    </svg>
  );
}

export function SignIn({ register }: { register: boolean }) {
  const known = register ? '' : (ended.value?.user.name ?? '');
  const [name, setName] = useState(known);
  const [shown, setShown] = useState('');
  const [password, setPassword] = useState('');
  const [invite, setInvite] = useState('');
  const [withInvite, setWithInvite] = useState(false);
  const [busy, setBusy] = useState(false);
  const [wrong, setWrong] = useState<{ field: 'name' | 'password' | 'invite' | 'form'; text: string } | null>(
    null,
  );
  const error = (field: string): string | undefined => (wrong?.field === field ? wrong.text : undefined);

  const check = (): typeof wrong => {
    if (!/^[a-z0-9_.]{2,32}$/.test(name)) return { field: 'name', text: t.nameHint };
    if (register && [...password].length < 8) return { field: 'password', text: t.passwordHint };
    return null;
  };

  const submit = async (e: Event): Promise<void> => {
    e.preventDefault();
    const bad = check();
    setWrong(bad);
    if (bad || busy) return;
    setBusy(true);
    try {
      const api = rest(location.origin);
      const base = { name, password, device_name: deviceName() };
      const made = register
        ? await api.register({
            ...base,
            display_name: shown.trim() || name,
            ...(invite.trim() ? { invite: invite.trim() } : {}),
          })
        : await api.login(base);
      await signedIn(made);
    } catch (reason) {
      const refusal =
        reason instanceof ParleyError ? reason : new ParleyError('internal', String(reason), false);
      if (register && refusal.code === 'forbidden') {
        setWithInvite(true);
        setWrong({
          field: 'invite',
          text: invite ? t.inviteWrong : t.inviteNeeded,
        });
      } else if (refusal.code === 'name_taken') setWrong({ field: 'name', text: wordsFor('name_taken') });
      else if (refusal.code === 'weak_password')
        setWrong({ field: 'password', text: wordsFor('weak_password') });
      else
        setWrong({
          field: refusal.code === 'unauthorized' ? 'password' : 'form',
          text: wordsFor(refusal.code, refusal.message),
        });
    }
    setBusy(false);
  };

  return (
    <main class="sign-in">
      <div class="sign-in-card">
        <Logo />
        <h1>{register ? t.registerTitle : t.signInTitle}</h1>
        <p class="hint">{register ? t.registerOn(location.host) : t.signInTo(location.host)}</p>
        <form onSubmit={submit} noValidate>
          <TextField
            label={t.name}
            name="username"
            value={name}
            onInput={(v) => setName(v.trim().toLowerCase())}
            autocomplete="username"
            hint={register ? t.nameHint : undefined}
            error={error('name')}
            maxLength={32}
            autofocus={!known}
          />
          {register ? (
            <TextField
              label={t.displayName}
              name="display-name"
              value={shown}
              onInput={setShown}
              autocomplete="name"
              autocapitalize="words"
              maxLength={64}
            />
          ) : null}
          <TextField
            label={t.password}
            name="password"
            type="password"
            value={password}
            onInput={setPassword}
            autocomplete={register ? 'new-password' : 'current-password'}
            autofocus={known !== ''}
            hint={register ? t.passwordHint : undefined}
            error={error('password')}
          />
          {register && withInvite ? (
            <TextField
              label={t.invite}
              name="invite"
              value={invite}
              onInput={setInvite}
              error={error('invite')}
              autofocus
            />
          ) : null}
          {register && !withInvite ? (
            <button type="button" class="link" onClick={() => setWithInvite(true)}>
              {t.haveInvite}
            </button>
          ) : null}
          {error('form') ? (
            <p class="error-text" role="alert">
              {error('form')}
            </p>
          ) : null}
          <button type="submit" class="button button-wide" disabled={busy || !name || !password}>
            {busy ? t.loading : register ? t.createAccount : t.signIn}
          </button>
        </form>
        <p class="sign-in-other">
          {register ? t.haveAccount : t.noAccount}{' '}
          <button
            type="button"
            class="link"
            onClick={() => {
              setWrong(null);
              go({ screen: register ? 'signIn' : 'register' }, true);
            }}
          >
            {register ? t.signIn : t.createAccount}
          </button>
        </p>
      </div>
      <p class="tagline">{t.tagline}</p>
    </main>
  );
}
