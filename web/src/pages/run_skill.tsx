/// One skill: its form, made from its signature, and what came of running it.

import { useSignal } from '@preact/signals';
import { useMemo } from 'preact/hooks';

import { aboutOf, parametersOf, valueOf, type Parameter } from '../hub/signature';
import { HubError, type Device, type Json, type JsonObject, type Skill } from '../hub/wire';
import { actingFor, ask } from '../state/session';
import { formatTook, t } from '../text';
import type { Key } from '../text/en';
import { Icon } from '../ui/icons';
import { Badge, Button, CopyButton, Field, Problem } from '../ui/parts';

const call_timeout_ms = 30_000;
const shown_characters_max = 50_000;

interface Outcome {
  took: number;
  result?: Json | undefined;
  error?: unknown;
}

function initial(parameter: Parameter): string {
  const { fallback, type } = parameter;
  if (fallback === undefined || fallback === null) return '';
  if (type.kind === 'choice') {
    const at = type.choices.findIndex((choice) => JSON.stringify(choice) === JSON.stringify(fallback));
    return at < 0 ? '' : String(at);
  }
  return type.kind === 'text' && typeof fallback === 'string' ? fallback : JSON.stringify(fallback);
}

function Input({ parameter, typed, ids, onTyped }: {
  parameter: Parameter;
  typed: string;
  ids: { id: string; 'aria-describedby': string | undefined; 'aria-invalid': boolean };
  onTyped: (typed: string) => void;
}) {
  const { type } = parameter;
  if (type.kind === 'boolean' || type.kind === 'choice') {
    const options: [string, string][] =
      type.kind === 'boolean'
        ? [['true', t('form.yes')], ['false', t('form.no')]]
        : type.choices.map((choice, at) => [String(at), typeof choice === 'string' ? choice : JSON.stringify(choice)]);
    return (
      <select {...ids} value={typed} required={parameter.required} onChange={(event) => onTyped(event.currentTarget.value)}>
        {(!parameter.required || typed === '') && <option value="">{parameter.required ? t('form.choose') : t('form.left_out')}</option>}
        {options.map(([value, label]) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    );
  }
  if (type.kind === 'json') {
    return (
      <textarea
        {...ids}
        class="mono"
        rows={2}
        spellcheck={false}
        placeholder={parameter.annotation.startsWith('list') ? '[…]' : '{…}'}
        value={typed}
        onInput={(event) => onTyped(event.currentTarget.value)}
      />
    );
  }
  const isNumber = type.kind !== 'text';
  return (
    <input
      {...ids}
      type="text"
      inputMode={isNumber ? (type.kind === 'integer' ? 'numeric' : 'decimal') : undefined}
      autoComplete="off"
      required={parameter.required}
      value={typed}
      onInput={(event) => onTyped(event.currentTarget.value)}
    />
  );
}

function Answer({ outcome }: { outcome: Outcome }) {
  const took = formatTook(outcome.took);
  if (outcome.error !== undefined) {
    return (
      <div class="outcome">
        <Problem error={outcome.error} />
        <p class="muted small">{t('run.after', { time: took })}</p>
      </div>
    );
  }
  const { result } = outcome;
  const whole = typeof result === 'string' ? result : JSON.stringify(result, null, 2);
  const shown = whole.length > shown_characters_max ? `${whole.slice(0, shown_characters_max)}…` : whole;
  return (
    <figure class="snippet outcome">
      <figcaption>
        <span class="row">
          <Badge tone="good">{t('run.done')}</Badge>
          <span class="muted small">{took}</span>
        </span>
        <CopyButton text={whole} />
      </figcaption>
      <pre tabIndex={0} aria-label={t('run.answer')}>
        {result === null ? t('run.nothing') : shown}
      </pre>
    </figure>
  );
}

export function RunSkill({ skill, device }: { skill: Skill & { input_schema?: unknown }; device: Device }) {
  const parameters = useMemo(() => parametersOf(skill.signature, skill.docstring ?? '', skill.input_schema), [skill.signature, skill.docstring]);
  const typed = useSignal<Record<string, string>>(Object.fromEntries(parameters.map((one) => [one.name, initial(one)])));
  const problems = useSignal<Record<string, string>>({});
  const outcome = useSignal<Outcome | null>(null);
  const busy = useSignal(false);

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (busy.value) return;
    const kwargs: JsonObject = {};
    const wrong: Record<string, string> = {};
    for (const parameter of parameters) {
      try {
        const value = valueOf(parameter, typed.value[parameter.name] ?? '');
        if (value !== undefined) kwargs[parameter.name] = value;
      } catch (error) {
        wrong[parameter.name] = t((error as Error).message as Key);
      }
    }
    problems.value = wrong;
    if (Object.keys(wrong).length) return;
    busy.value = true;
    outcome.value = null;
    const started = performance.now();
    const took = (): number => performance.now() - started;
    try {
      const body = actingFor(device.user_id, {
        op: 'call',
        skill_path: `${skill.class_name}.${skill.function_name}`,
        target: device.device_id,
        kwargs,
      });
      const answer = await ask('skills', body, { timeoutMs: call_timeout_ms });
      outcome.value = { took: took(), result: answer.result ?? null };
    } catch (error) {
      const path = error instanceof HubError && typeof error.details.path === 'string' ? /^\/kwargs\/([^/]+)/.exec(error.details.path) : null;
      const name = path?.[1] ?? '';
      if (name in typed.value) problems.value = { [name]: (error as Error).message };
      else outcome.value = { took: took(), error };
    } finally {
      busy.value = false;
    }
  };

  return (
    <form class="stack run-skill" onSubmit={submit} noValidate>
      <p class="about">{aboutOf(skill.docstring ?? '') || <span class="muted">{t('run.undocumented')}</span>}</p>
      {parameters.length > 0 && (
        <div class="form-grid">
          {parameters.map((parameter) => (
            <Field
              key={parameter.name}
              label={parameter.required ? parameter.name : t('form.optional', { name: parameter.name })}
              hint={parameter.about || parameter.annotation || undefined}
              problem={problems.value[parameter.name]}
            >
              {(ids) => (
                <Input
                  parameter={parameter}
                  typed={typed.value[parameter.name] ?? ''}
                  ids={ids}
                  onTyped={(value) => (typed.value = { ...typed.value, [parameter.name]: value })}
                />
              )}
            </Field>
          ))}
        </div>
      )}
      <div class="row">
        <Button kind="primary" icon="play" type="submit" busy={busy.value} disabled={!device.online}>
          {t('run.do')}
        </Button>
        {skill.confirm && (
          <span class="muted small">
            <Icon name="lock" /> {t('run.confirm')}
          </span>
        )}
        {!device.online && <span class="muted small">{t('run.offline')}</span>}
      </div>
      {outcome.value && <Answer outcome={outcome.value} />}
    </form>
  );
}
