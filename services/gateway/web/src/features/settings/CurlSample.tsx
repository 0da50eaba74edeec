import { Button } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { useState } from "react";
import { useText } from "@/messages";
import { useCopy } from "@/shared/copy";
import { curlSample } from "./sample";
import css from "./settings.module.css";

const PLACEHOLDER = "$CJM_TOKEN";

/** A command that sends one event, ready to paste; without `secret` it holds a placeholder. */
export function CurlSample({ datasetId, secret = PLACEHOLDER }: { datasetId: string; secret?: string }) {
  const t = useText();
  const { copy, isCopied } = useCopy({ isOnPage: true });
  const [now] = useState(() => new Date());
  const command = curlSample(location.origin, datasetId, secret, now);
  return (
    <div className={css.secret}>
      <pre className={css.sample} tabIndex={0} role="region" aria-label={t("settings.tokens.sample")}>
        {command}
      </pre>
      <div>
        <Button variant="default" leftSection={isCopied ? <IconCheck size={16} stroke={1.7} /> : <IconCopy size={16} stroke={1.7} />} onClick={() => void copy(command)}>
          {t(isCopied ? "settings.tokens.copied" : "settings.tokens.copy_sample")}
        </Button>
      </div>
    </div>
  );
}
