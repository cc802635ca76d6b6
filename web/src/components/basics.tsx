// The small parts that every screen is made of.
import type { ComponentChildren, TargetedMouseEvent } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { hue, initials } from '../lib/format.ts';
import { status } from '../state/app.ts';
import { t } from '../strings.ts';
import { Icon, type IconName } from './Icon.tsx';

export function Avatar(props: {
  id: string;
  name: string;
  size?: 'small' | 'normal' | 'big';
  online?: boolean;
  group?: boolean;
}) {
  return (
    <span
      class={`avatar avatar-${props.size ?? 'normal'} hue-${hue(props.id)} ${props.group ? 'avatar-group' : ''}`}
      aria-hidden="true"
    >
      <span>{initials(props.name)}</span>
      {props.online ? <span class="dot" /> : null}
    </span>
  );
}

export function IconButton(props: {
  icon: IconName;
  label: string;
  onClick: (event: TargetedMouseEvent<HTMLButtonElement>) => void;
  class?: string;
  disabled?: boolean;
  expanded?: boolean;
  /** Tab passes it over: the keys lead to what it does in another way. */
  passedOver?: boolean;
}) {
  return (
    <button
      type="button"
      tabIndex={props.passedOver ? -1 : undefined}
      class={`icon-button ${props.class ?? ''}`}
      aria-label={props.label}
      title={props.label}
      disabled={props.disabled ?? false}
      aria-expanded={props.expanded}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

export function Header(props: {
  title: ComponentChildren;
  subtitle?: ComponentChildren;
  onBack?: (() => void) | undefined;
  /** On wide windows the list stays visible, and a way back to it would be noise. */
  backOnPhoneOnly?: boolean;
  lead?: ComponentChildren;
  actions?: ComponentChildren;
  level?: 1 | 2;
}) {
  const Title = props.level === 2 ? 'h2' : 'h1';
  return (
    <header class="header">
      {props.onBack ? (
        <IconButton
          icon="back"
          label={t.back}
          onClick={props.onBack}
          class={props.backOnPhoneOnly ? 'phone-only' : ''}
        />
      ) : null}
      {props.lead}
      <div class="header-text">
        <Title dir="auto">{props.title}</Title>
        {props.subtitle ? <p>{props.subtitle}</p> : null}
      </div>
      {props.actions}
    </header>
  );
}

export function TextField(props: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  type?: 'text' | 'password' | 'search';
  hint?: string | undefined;
  error?: string | undefined;
  autocomplete?: string;
  autofocus?: boolean;
  maxLength?: number;
  autocapitalize?: 'off' | 'words' | 'sentences';
  name?: string;
}) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (props.autofocus) input.current?.focus();
  }, [props.autofocus]);
  const secret = props.type === 'password';
  const note = props.error ?? props.hint;
  return (
    <div class={`field ${props.error ? 'field-wrong' : ''}`}>
      <label for={id}>{props.label}</label>
      <div class="field-box">
        <input
          ref={input}
          id={id}
          name={props.name}
          type={(secret && shown ? 'text' : (props.type ?? 'text')) as 'text'}
          value={props.value}
          dir={secret ? 'ltr' : 'auto'}
          autocomplete={props.autocomplete ?? 'off'}
          autocapitalize={props.autocapitalize ?? 'off'}
          spellcheck={false}
          maxLength={props.maxLength}
          aria-invalid={props.error ? true : undefined}
          aria-describedby={note ? `${id}-note` : undefined}
          onInput={(e) => props.onInput(e.currentTarget.value)}
        />
        {secret ? (
          <IconButton
            icon={shown ? 'eyeOff' : 'eye'}
            label={shown ? t.hidePassword : t.showPassword}
            onClick={() => setShown(!shown)}
          />
        ) : null}
      </div>
      {note ? (
        <p
          id={`${id}-note`}
          class={props.error ? 'error-text' : 'hint'}
          role={props.error ? 'alert' : undefined}
        >
          {note}
        </p>
      ) : null}
    </div>
  );
}

export function SearchBox(props: {
  label: string;
  value: string;
  onInput: (value: string) => void;
  autofocus?: boolean;
  id?: string;
}) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (props.autofocus) input.current?.focus();
  }, [props.autofocus]);
  return (
    <div class="search">
      <Icon name="search" size={18} />
      <input
        ref={input}
        id={props.id}
        type="search"
        value={props.value}
        placeholder={props.label}
        aria-label={props.label}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        dir="auto"
        onInput={(e) => props.onInput(e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === 'Escape' && props.value) {
            // Nor does it close a dialog around.
            e.preventDefault();
            e.stopPropagation();
            props.onInput('');
          }
        }}
      />
      {props.value ? <IconButton icon="close" label={t.close} onClick={() => props.onInput('')} /> : null}
    </div>
  );
}

export function Switch(props: {
  label: string;
  hint?: string;
  on: boolean;
  disabled?: boolean;
  onChange: (on: boolean) => void;
}) {
  const id = useId();
  return (
    <div class="switch-row">
      <div>
        <label for={id}>{props.label}</label>
        {props.hint ? <p class="hint">{props.hint}</p> : null}
      </div>
      <input
        id={id}
        type="checkbox"
        role="switch"
        class="switch"
        checked={props.on}
        aria-checked={props.on}
        disabled={props.disabled ?? false}
        onChange={(e) => props.onChange(e.currentTarget.checked)}
      />
    </div>
  );
}

export function Empty(props: { icon: IconName; title: string; text?: string; action?: ComponentChildren }) {
  return (
    <div class="empty">
      <span class="empty-icon">
        <Icon name={props.icon} size={30} />
      </span>
      <h2>{props.title}</h2>
      {props.text ? <p>{props.text}</p> : null}
      {props.action}
    </div>
  );
}

export function Spinner({ label = t.loading }: { label?: string }) {
  return (
    <div class="spinner" role="status">
      <span class="spinner-ring" aria-hidden="true" />
      <span>{label}</span>
    </div>
  );
}

/** Something that was asked of the server and has not come: why, and a way to ask again. */
export function Failed({ again }: { again: () => void }) {
  const offline = status.value?.state !== 'online';
  return (
    <div class="failed" role="status">
      <p>{offline ? t.needsNetwork : t.loadFailed}</p>
      <button type="button" class="button button-plain" onClick={again}>
        {t.tryAgain}
      </button>
    </div>
  );
}

export function Choices<T extends string>(props: {
  legend: string;
  name: string;
  options: [T, string][];
  value: T;
  choose: (value: T) => void;
}) {
  return (
    <fieldset class="choices">
      <legend>{props.legend}</legend>
      {props.options.map(([value, label]) => (
        <label key={value} class="choice">
          <input
            type="radio"
            name={props.name}
            checked={props.value === value}
            onChange={() => props.choose(value)}
          />
          <span>{label}</span>
        </label>
      ))}
    </fieldset>
  );
}

/** A line of a card that does something. */
export function Action(props: { icon: IconName; label: string; danger?: boolean; onClick: () => void }) {
  return (
    <button type="button" class={`action ${props.danger ? 'danger' : ''}`} onClick={props.onClick}>
      <Icon name={props.icon} />
      {props.label}
    </button>
  );
}
