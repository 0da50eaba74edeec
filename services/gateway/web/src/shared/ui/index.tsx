import { Button, Skeleton } from "@mantine/core";
import { IconAlertTriangle, IconInfoCircle, IconLock, IconRefresh } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useEffect, type ReactNode } from "react";
import { ApiError } from "@/api/client";
import { T, useText } from "@/messages";
import { useCopy } from "@/shared/copy";
import { dayIn, presetPeriod } from "@/shared/period";
import { useScope } from "@/shared/scope";
import { scopeOf } from "@/shared/search";
import css from "./ui.module.css";

export { DataTable, type Column } from "./DataTable";
export { HelpHover } from "./HelpHover";
export { LinkButton } from "./LinkButton";
export { TabBar } from "./TabBar";

/** A page's body: content width, padding. */
export function PageBody({ children }: { children: ReactNode }) {
  return (
    <div className={css.page} data-page>
      {children}
    </div>
  );
}

interface PageTitleProps {
  title: string;
  /** One sentence that says what the page shows; null while it is on its way, which keeps a line free. */
  lead?: ReactNode;
  actions?: ReactNode;
  /** Breadcrumb links before the title, for detail pages only. */
  crumbs?: { label: string; to: string }[];
}

/** The h1 of a page, its sentence, its actions; sets the document title. */
export function PageTitle({ title, lead, actions, crumbs }: PageTitleProps) {
  useDocumentTitle(title);
  return (
    <header className={css.head}>
      <div className={css.headText}>
        {crumbs && (
          <nav className={css.crumbs} aria-label={title}>
            {crumbs.map((crumb, index) => (
              <span key={crumb.to}>
                {index > 0 && "/ "}
                <Link to={crumb.to} search={scopeOf}>
                  {crumb.label}
                </Link>
              </span>
            ))}
          </nav>
        )}
        <h1 className={css.title}>{title}</h1>
        {(lead || lead === null) && <p className={css.lead}>{lead ?? "\u00a0"}</p>}
      </div>
      {actions && <div className={css.actions}>{actions}</div>}
    </header>
  );
}

/** Sets the browser tab's title while mounted. */
export function useDocumentTitle(title: string): void {
  const t = useText();
  useEffect(() => {
    document.title = t("shell.document_title", { page: title });
  }, [title, t]);
}

/** A bordered surface with an optional title. */
export function Card({ title, children, actions, className }: { title?: ReactNode; children: ReactNode; actions?: ReactNode; className?: string }) {
  return (
    <section className={[css.card, className].filter(Boolean).join(" ")}>
      {(title !== undefined || actions) && (
        <div style={{ display: "flex", gap: 8, justifyContent: "space-between", alignItems: "flex-start" }}>
          {title !== undefined && <h2 className={css.cardTitle}>{title}</h2>}
          {actions}
        </div>
      )}
      {children}
    </section>
  );
}

/** What browsers say when a part of the page's code cannot be fetched. */
const PART_NOT_FETCHED = /dynamically imported module|module script|preload CSS/i;

/** The sentence that an error deserves: the server's own words, or what can be said without them. */
export function useErrorText(): (error: unknown) => string {
  const t = useText();
  return (error) => {
    if (error instanceof ApiError && error.reason === "address_too_long") return t("common.address_too_long");
    if (error instanceof ApiError && error.reason !== "offline") return error.message || t("common.unknown_detail");
    if (!navigator.onLine) return t("common.no_connection");
    if (error instanceof ApiError) return t("common.offline_detail");
    return t(error instanceof Error && PART_NOT_FETCHED.test(error.message) ? "common.part_detail" : "common.unknown_detail");
  };
}

const TOO_LONG = ["period_too_long", "address_too_long"] as const;

/** What failed, what still works, Try again, and the short id to copy. */
export function ErrorState({ error, title, onRetry }: { error: unknown; title?: string; onRetry?: () => void }) {
  const t = useText();
  const errorText = useErrorText();
  const { copy, isCopied } = useCopy();
  const id = error instanceof ApiError ? error.requestId : null;
  // The same question would fail again.
  const tooLong = error instanceof ApiError ? TOO_LONG.find((reason) => reason === error.reason) : undefined;
  return (
    <div className={css.state} role="alert">
      <span className={css.stateIcon} data-tone="danger">
        <IconAlertTriangle size={22} stroke={1.7} />
      </span>
      <p className={css.stateTitle}>{title ?? t("common.error_title")}</p>
      <p className={css.stateText}>
        {errorText(error)} {!title && t("common.error_rest")}
      </p>
      <div className={css.stateActions}>
        {tooLong === "period_too_long" && <ShorterPeriod />}
        {onRetry && !tooLong && (
          <Button variant="default" leftSection={<IconRefresh size={16} stroke={1.7} />} onClick={onRetry}>
            {t("common.try_again")}
          </Button>
        )}
      </div>
      {id && (
        <button type="button" className={css.id} onClick={() => void copy(id)}>
          {isCopied ? t("common.copied") : t("common.copy_id", { id: id.slice(0, 8) })}
        </button>
      )}
    </div>
  );
}

/** Takes the last days with data instead of a period that is too long. */
function ShorterPeriod() {
  const t = useText();
  const { dataset, setScope } = useScope();
  const lastDay = dayIn(dataset?.last_event_at ?? new Date(), dataset?.time_zone ?? "UTC");
  return (
    <Button
      onClick={() => {
        // The button goes with the error.
        document.getElementById("content")?.focus();
        setScope(presetPeriod("last_90", lastDay) ?? {});
      }}
    >
      {t("common.shorter_period")}
    </Button>
  );
}

/** Why there is nothing, and what to do about it. */
export function EmptyState({ icon, title, text, children }: { icon?: ReactNode; title: string; text?: ReactNode; children?: ReactNode }) {
  return (
    <div className={css.state}>
      {icon && <span className={css.stateIcon}>{icon}</span>}
      <p className={css.stateTitle}>{title}</p>
      {text && <p className={css.stateText}>{text}</p>}
      {children && <div className={css.stateActions}>{children}</div>}
    </div>
  );
}

/** "You can see X but not change it. Ask {owner}." */
export function NoPermission({ what, owner }: { what: string; owner: string }) {
  return (
    <Note icon={<IconLock size={16} stroke={1.7} />}>
      <T id="common.no_permission" values={{ what, owner }} />
    </Note>
  );
}

/** A quiet line with an icon: information, warning, danger or good news. */
export function Note({ tone = "info", icon, children }: { tone?: "info" | "warn" | "danger" | "good"; icon?: ReactNode; children: ReactNode }) {
  const shown = icon ?? (tone === "info" || tone === "good" ? <IconInfoCircle size={16} stroke={1.7} /> : <IconAlertTriangle size={16} stroke={1.7} />);
  return (
    <div className={css.note} data-tone={tone} role={tone === "danger" ? "alert" : undefined}>
      {shown}
      <div>{children}</div>
    </div>
  );
}

/** What is coming, in grey; shown only after 150 ms. */
export function LoadingShape({ className = "", height, children }: { className?: string | undefined; height?: number | string; children: ReactNode }) {
  const t = useText();
  return (
    <div className={`${className} ${css.late}`} style={{ height }} role="status" aria-label={t("common.loading")}>
      {children}
    </div>
  );
}

/** Grey rows in the shape of what is coming. */
export function LoadingRows({ rows = 6, height = 18 }: { rows?: number; height?: number }) {
  return (
    <LoadingShape className={css.skeletonRows}>
      {Array.from({ length: rows }, (_, index) => (
        <Skeleton key={index} height={height} width={`${100 - ((index * 17) % 40)}%`} />
      ))}
    </LoadingShape>
  );
}

/** A grey block of a given height. */
export function LoadingBlock({ height }: { height: number | string }) {
  return (
    <LoadingShape height={height}>
      <Skeleton height="100%" radius="md" />
    </LoadingShape>
  );
}

/** Numbers side by side in one bordered strip. */
export function Tiles({ items }: { items: { value: ReactNode; label: ReactNode }[] }) {
  return (
    <div className={css.tiles}>
      {items.map((item, index) => (
        <div key={index} className={css.tile}>
          <div className={css.tileValue}>{item.value}</div>
          <div className={css.tileLabel}>{item.label}</div>
        </div>
      ))}
    </div>
  );
}
