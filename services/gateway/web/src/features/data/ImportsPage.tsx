import { IconUpload } from "@tabler/icons-react";
import { useText } from "@/messages";
import { scopeOf } from "@/shared/search";
import { LinkButton, PageBody, PageTitle } from "@/shared/ui";
import { DataTabs } from "./DataTabs";
import { ImportsTable } from "./ImportsTable";

/** Every import the reader may see. */
export default function ImportsPage() {
  const t = useText();
  return (
    <>
      <DataTabs />
      <PageBody>
        <PageTitle
          title={t("data.imports")}
          lead={t("data.imports_lead")}
          actions={
            <LinkButton to="/data/imports/new" search={scopeOf} leftSection={<IconUpload size={16} stroke={1.7} />}>
              {t("data.new_import")}
            </LinkButton>
          }
        />
        <ImportsTable query={{}} hasDataset />
      </PageBody>
    </>
  );
}
