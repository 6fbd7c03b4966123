"""The public names of the package, and nothing else: what ``caiso_lmp`` gives when one of them is used."""

from caiso_lmp.backfill.asked import Asked, Circumstances
from caiso_lmp.backfill.story import backfill
from caiso_lmp.connector.config import CAISOConnectorConfig
from caiso_lmp.connector.config_file import read_config
from caiso_lmp.connector.connector import CAISOConnector
from caiso_lmp.connector.extraction import Extraction
from caiso_lmp.connector.normalization import NormalizationService, NormalizedBatch
from caiso_lmp.connector.transforms import register_transform
from caiso_lmp.corrections import follow_corrections
from caiso_lmp.errors import (
    BrokenRowsError,
    BrokenZipError,
    BrokerError,
    BrokerUnreachableError,
    CaisoLmpError,
    ConflictingPricesError,
    ConnectorError,
    EventsError,
    ExtractionError,
    FencedError,
    HtmlPageError,
    IncompletePricesError,
    IncompletePricesWarning,
    MessageTooLargeError,
    MissingColumnError,
    MixedMembersError,
    NetworkError,
    NoDataError,
    NotAuthorizedError,
    NotOasisFileError,
    NotPricesError,
    OasisAnswerError,
    OasisFileError,
    OutboxBehindError,
    OversizedFileError,
    PartialFileError,
    RawFileChangedError,
    RawStoreError,
    RegistryError,
    TimeContradictionError,
    TopicMissingError,
    UnfitEventError,
    UnknownNodeError,
    UnreadableFileError,
    UsageError,
    ValidationError,
    WarehouseError,
    WarehouseLockedError,
)
from caiso_lmp.events.destinations import EventFile, FileKind, Topic
from caiso_lmp.events.form import Encoding, Key
from caiso_lmp.events.kafka_settings import KafkaSettings, find_kafka_settings
from caiso_lmp.load import load_files
from caiso_lmp.market import Component, Market
from caiso_lmp.nodes.catalogue import NodeCatalogue
from caiso_lmp.nodes.update import update_nodes
from caiso_lmp.prices.get import get_lmp
from caiso_lmp.prices.lazy import scan_lmp
from caiso_lmp.prices.views import to_gridstatus, to_wide
from caiso_lmp.publish.story import PublishReport, publish
from caiso_lmp.reading import TidyFile, read_file, read_zip
from caiso_lmp.rebuild import rebuild_warehouse
from caiso_lmp.report import Report
from caiso_lmp.settings import DataFolder
from caiso_lmp.verify import verify_archive
from caiso_lmp.warehouse.load import LoadCounts, RawFileFacts
from caiso_lmp.warehouse.outbox_selection import Selection
from caiso_lmp.warehouse.warehouse import Warehouse

__all__ = [
    "Asked",
    "BrokenRowsError",
    "BrokenZipError",
    "BrokerError",
    "BrokerUnreachableError",
    "CAISOConnector",
    "CAISOConnectorConfig",
    "CaisoLmpError",
    "Circumstances",
    "Component",
    "ConflictingPricesError",
    "ConnectorError",
    "DataFolder",
    "Encoding",
    "EventFile",
    "EventsError",
    "Extraction",
    "ExtractionError",
    "FencedError",
    "FileKind",
    "HtmlPageError",
    "IncompletePricesError",
    "IncompletePricesWarning",
    "KafkaSettings",
    "Key",
    "LoadCounts",
    "Market",
    "MessageTooLargeError",
    "MissingColumnError",
    "MixedMembersError",
    "NetworkError",
    "NoDataError",
    "NodeCatalogue",
    "NormalizationService",
    "NormalizedBatch",
    "NotAuthorizedError",
    "NotOasisFileError",
    "NotPricesError",
    "OasisAnswerError",
    "OasisFileError",
    "OutboxBehindError",
    "OversizedFileError",
    "PartialFileError",
    "PublishReport",
    "RawFileChangedError",
    "RawFileFacts",
    "RawStoreError",
    "RegistryError",
    "Report",
    "Selection",
    "TidyFile",
    "TimeContradictionError",
    "Topic",
    "TopicMissingError",
    "UnfitEventError",
    "UnknownNodeError",
    "UnreadableFileError",
    "UsageError",
    "ValidationError",
    "Warehouse",
    "WarehouseError",
    "WarehouseLockedError",
    "backfill",
    "find_kafka_settings",
    "follow_corrections",
    "get_lmp",
    "load_files",
    "publish",
    "read_config",
    "read_file",
    "read_zip",
    "rebuild_warehouse",
    "register_transform",
    "scan_lmp",
    "to_gridstatus",
    "to_wide",
    "update_nodes",
    "verify_archive",
]
