"""What an operator typed wrong is named, and not repeated where it may be a secret."""

import pytest
from pydantic import ValidationError

from cjm_catalog.settings import CatalogSettings
from cjm_kit.settings import ServiceSettings


@pytest.mark.parametrize("kind", [ServiceSettings, CatalogSettings])
def test_a_refused_secret_is_not_repeated(kind: type[ServiceSettings]) -> None:
    with pytest.raises(ValidationError) as caught:
        kind(identity_secret="hunter2")  # type: ignore[arg-type]
    assert "identity_secret" in str(caught.value)
    assert "hunter2" not in str(caught.value)
