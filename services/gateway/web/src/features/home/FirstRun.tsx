import { IconApi, IconFileImport, IconSparkles } from "@tabler/icons-react";
import { Examples } from "@/features/data/Examples";
import { useText } from "@/messages";
import { LinkButton } from "@/shared/ui";
import css from "./FirstRun.module.css";
import { MapPicture } from "./MapPicture";

/** What an empty installation shows: three ways to get data in, and what will come of it. */
export function FirstRun() {
  const t = useText();
  return (
    <>
      <div className={css.cards}>
        <section className={css.card}>
          <span className={css.icon}>
            <IconFileImport size={22} stroke={1.7} />
          </span>
          <h2 className={css.title}>{t("home.first.import")}</h2>
          <p className={css.text}>{t("home.first.import_text")}</p>
          <LinkButton to="/data/imports/new">
            {t("home.first.import")}
          </LinkButton>
        </section>
        <section className={css.card}>
          <span className={css.icon}>
            <IconSparkles size={22} stroke={1.7} />
          </span>
          <h2 className={css.title}>{t("home.first.example")}</h2>
          <p className={css.text}>{t("home.first.example_text")}</p>
          <Examples />
        </section>
        <section className={css.card}>
          <span className={css.icon}>
            <IconApi size={22} stroke={1.7} />
          </span>
          <h2 className={css.title}>{t("home.first.api")}</h2>
          <p className={css.text}>{t("home.first.api_text")}</p>
          <LinkButton variant="default" to="/help/$page" params={{ page: "api" }}>
            {t("home.first.api")}
          </LinkButton>
        </section>
      </div>
      <figure className={css.picture}>
        <MapPicture />
        <figcaption className={css.text}>{t("home.first.picture")}</figcaption>
      </figure>
    </>
  );
}
