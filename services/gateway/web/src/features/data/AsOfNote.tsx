import { useText } from "@/messages";
import { useFormat } from "@/shared/format";
import look from "./quality.module.css";

/** Says when the events were looked at, for an answer that changes came after. */
export function AsOfNote({ answer }: { answer: { as_of: string; is_current: boolean } }) {
  const t = useText();
  const format = useFormat();
  if (answer.is_current) return null;
  return <p className={`${look.asOf} small muted`}>{t("data.as_of", { time: format.moment(answer.as_of) })}</p>;
}
