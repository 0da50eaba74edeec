"""What a caller may do with a dataset, asked of catalog and remembered."""

from cjm_access.dataset_access import DatasetAccess, GrantedAccess, Right

__all__ = ["DatasetAccess", "GrantedAccess", "Right"]
