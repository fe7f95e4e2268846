"""Pictures as files: kept by their SHA-256, checked before they are decoded (docs/pictures.md)."""

from core.pictures.archive import ZipItem, zip_of
from core.pictures.folder import WIDTHS, Kept, PictureFolder
from core.pictures.header import MAX_PIXELS
from core.pictures.parameters import KEY, read_parameters, with_parameters
from core.pictures.upload import MAX_UPLOAD_BYTES, Upload, check_upload

__all__ = [
    "KEY",
    "MAX_PIXELS",
    "MAX_UPLOAD_BYTES",
    "WIDTHS",
    "Kept",
    "PictureFolder",
    "Upload",
    "ZipItem",
    "check_upload",
    "read_parameters",
    "with_parameters",
    "zip_of",
]
