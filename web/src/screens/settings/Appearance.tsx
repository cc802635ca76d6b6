// How the app looks on this device.
import { Choices, Switch } from '../../components/basics.tsx';
import { prefs, setPrefs, type Theme, textSizes } from '../../state/prefs.ts';
import { chooseLanguage, chosenLanguage, type LanguageTag, languages, t } from '../../strings.ts';

export function AppearancePage() {
  const p = prefs.value;
  return (
    <>
      <section class="card">
        <Choices
          legend={t.theme}
          name="theme"
          options={Object.entries(t.themes) as [Theme, string][]}
          value={p.theme}
          choose={(theme) => setPrefs({ theme })}
        />
      </section>
      <section class="card">
        <label class="slider">
          <span>{t.textSize}</span>
          <output>{t.textSizePercent(p.textSize)}</output>
          <input
            type="range"
            min={0}
            max={textSizes.length - 1}
            step={1}
            value={Math.max(0, textSizes.indexOf(p.textSize))}
            aria-valuetext={t.textSizePercent(p.textSize)}
            onInput={(e) => setPrefs({ textSize: textSizes[Number(e.currentTarget.value)] ?? 100 })}
          />
        </label>
        <Switch
          label={t.compact}
          hint={t.compactHint}
          on={p.compact}
          onChange={(compact) => setPrefs({ compact })}
        />
        <Switch label={t.calm} hint={t.calmHint} on={p.calm} onChange={(calm) => setPrefs({ calm })} />
      </section>
      <section class="card">
        <Choices
          legend={t.language}
          name="language"
          options={[['', t.languageSystem], ...(Object.entries(languages) as [LanguageTag, string][])]}
          value={chosenLanguage.value}
          choose={chooseLanguage}
        />
      </section>
    </>
  );
}
