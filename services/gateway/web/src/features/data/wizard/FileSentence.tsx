import { Select } from "@mantine/core";
import { T, useText } from "@/messages";
import { Note } from "@/shared/ui";
import { SEPARATORS, type Separator } from "./csv";
import type { Draft } from "./draft";
import { UNMARKED_ENCODINGS, type Encoding } from "./encoding";
import { foundDecimalSign, type DecimalSign } from "./roles";
import type { Reading, Sample } from "./sample";
import css from "./wizard.module.css";

const SEPARATOR_NAMES: Record<Separator, string> = { ",": "comma", ";": "semicolon", "\t": "tab", "|": "bar" };
const DECIMAL_NAMES: Record<DecimalSign, string> = { ".": "point", ",": "comma" };

interface ChoiceProps<Value extends string> {
  label: string;
  width: number;
  values: readonly Value[];
  labelOf: (value: Value) => string;
  value: Value;
  onChoose: (value: Value) => void;
}

/** A word of the sentence that can be corrected. */
function Choice<Value extends string>({ label, width, values, labelOf, value, onChoose }: ChoiceProps<Value>) {
  return (
    <Select
      aria-label={label}
      className={css.choice}
      w={width}
      data={values.map((item) => ({ value: item, label: labelOf(item) }))}
      value={value}
      allowDeselect={false}
      onChange={(chosen) => {
        const known = values.find((item) => item === chosen);
        if (known !== undefined && known !== value) onChoose(known);
      }}
    />
  );
}

interface FileSentenceProps {
  draft: Draft;
  sample: Sample;
  /** The file is to be read again. */
  onReading: (reading: Reading) => void;
  onDecimalSign: (sign: DecimalSign) => void;
}

/** How the file is read, as a sentence in which every word that was found out can be corrected. */
export function FileSentence({ draft, sample, onReading, onDecimalSign }: FileSentenceProps) {
  const t = useText();
  const correct = (part: Partial<Reading>): void => {
    const { encoding, separator, isHeaderless, decimalSign } = draft;
    onReading({ encoding, separator, isHeaderless, decimalSign, ...part });
  };
  const encodingName = (encoding: Encoding): string => t(`wizard.encoding.${encoding}`);
  return (
    <Note tone={sample.isGuess || sample.hasUnknown ? "warn" : "good"}>
      <T
        id="wizard.sentence"
        values={{
          separator: <Choice label={t("wizard.separator")} width={136} values={SEPARATORS} labelOf={(value) => t(`wizard.separator.${SEPARATOR_NAMES[value]}`)} value={sample.separator} onChoose={(separator) => correct({ separator })} />,
          encoding: sample.isMarked ? (
            encodingName(sample.encoding)
          ) : (
            <Choice label={t("wizard.encoding")} width={236} values={UNMARKED_ENCODINGS} labelOf={encodingName} value={sample.encoding as (typeof UNMARKED_ENCODINGS)[number]} onChoose={(encoding) => correct({ encoding })} />
          ),
          decimal: <Choice label={t("wizard.decimal")} width={160} values={[".", ","] as const} labelOf={(value) => t(`wizard.decimal.${DECIMAL_NAMES[value]}`)} value={draft.decimalSign ?? foundDecimalSign(draft.roles, sample.columns)} onChoose={onDecimalSign} />,
          header: <Choice label={t("wizard.header")} width={196} values={["first", "none"] as const} labelOf={(value) => t(`wizard.header.${value}`)} value={sample.isHeaderless ? "none" : "first"} onChoose={(value) => correct({ isHeaderless: value === "none" })} />,
          packed: sample.isGzip ? "yes" : "no",
          columns: sample.headers.length,
        }}
      />{" "}
      {sample.isGuess && t("wizard.encoding_guessed")} {sample.hasUnknown && t("wizard.unknown_characters")} {sample.repeated.length > 0 && t("wizard.repeated", { columns: sample.repeated.join(", ") })}
    </Note>
  );
}
