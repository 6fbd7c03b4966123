"""What is known about each recorded file, counted by hand once and never by the package."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from caiso_lmp.market import Market

DAM, HASP, FMM, RTD = Market.DAM, Market.HASP, Market.FMM, Market.RTD


@dataclass(frozen=True)
class Facts:
    """One file of prices.

    Attributes:
        market: Its market.
        rows: Rows of all members.
        intervals: Different (node, start).
        nodes: Different nodes.
        days: First trade date, last one, how many.
        span: First and last start, UTC.
        ghg: Rows of the greenhouse gas component.
        components: Sum, least and greatest price of LMP, MCE, MCC and MCL, as decimal text.
        spot: One (node, start) with its five prices.
    """

    market: Market
    rows: int
    intervals: int
    nodes: int
    days: tuple[str, str, int]
    span: tuple[str, str]
    ghg: int
    components: tuple[str, str, str, str]
    spot: str

    def extremes(self, place: int) -> tuple[Decimal, Decimal, Decimal]:
        """Give sum, least and greatest of the component at this place."""
        total, least, greatest = self.components[place].split()
        return Decimal(total), Decimal(least), Decimal(greatest)


PRICES = {
    "dam/20180916_20181014_PRC_LMP_DAM_20200511_16_07_08_v1.csv": Facts(
        *(DAM, 2701, 672, 1),
        days=("2018-09-16", "2018-10-13", 28),
        span=("2018-09-16T07:00Z", "2018-10-14T06:00Z"),
        ghg=13,
        components=(
            "22997.06275 5.18253 82.34709",
            "24827.82346 15.16563 89.33486",
            "-1188.53428 -38.00849 3.55716",
            "-642.22643 -2.98244 -0.0268",
        ),
        spot="0096WD_7_N001 2018-09-28T01:00Z 82.34709 82.49498 1.66699 -1.81489 -",
    ),
    "dam/20181013_20181107_PRC_LMP_DAM_20200511_16_08_16_v1.csv": Facts(
        *(DAM, 2404, 601, 1),
        days=("2018-10-13", "2018-11-06", 25),
        span=("2018-10-13T07:00Z", "2018-11-07T07:00Z"),
        ghg=0,
        components=(
            "24093.08417 8.51467 105.74496",
            "25638.99314 15.95448 108.56772",
            "-875.25852 -13.72531 1.27174",
            "-670.65039 -2.82276 -0.48093",
        ),
        spot="0096WD_7_N001 2018-10-31T18:00Z 9.18753 23.80555 -13.72531 -0.89271 -",
    ),
    "dam/20190301_20190401_PRC_LMP_DAM_20200603_09_21_36_v1.csv": Facts(
        *(DAM, 8916, 2229, 3),
        days=("2019-03-01", "2019-03-31", 31),
        span=("2019-03-01T08:00Z", "2019-04-01T06:00Z"),
        ghg=0,
        components=(
            "82991.24408 -4.38803 127.16566",
            "84211.07364 -4.19402 127.28021",
            "208.50794 -18.07532 24.94199",
            "-1428.33709 -3.26113 0.71843",
        ),
        spot="SP26SLAK_5_N001 2019-03-03T19:00Z 6.82573 25.62364 -18.07532 -0.72259 -",
    ),
    "dam/20190915_20191013_PRC_LMP_DAM_20200511_15_28_17_v1.csv": Facts(
        *(DAM, 2688, 672, 1),
        days=("2019-09-15", "2019-10-12", 28),
        span=("2019-09-15T07:00Z", "2019-10-13T06:00Z"),
        ghg=0,
        components=(
            "22236.02384 -0.34325 158.90018",
            "23198.22570 7.95588 162.94112",
            "-446.67208 -15.39269 4.38649",
            "-515.52983 -4.49336 0.14351",
        ),
        spot="0096WD_7_N001 2019-09-26T01:00Z 158.90018 162.94112 0 -4.04094 -",
    ),
    "dam/20200101_20200101_PRC_LMP_DAM_20200630_22_50_44_v1.zip": Facts(
        *(DAM, 162_848, 40_712, 1700),
        days=("2020-01-01", "2020-01-02", 2),
        span=("2020-01-02T00:00Z", "2020-01-02T23:00Z"),
        ghg=0,
        components=(
            "1246075.66961 -56.18842 69.01255",
            "1315287.92983 0 42.0549",
            "-51702.95657 -82.68046 26.41678",
            "-17509.25925 -8.02182 10.90265",
        ),
        spot="POD_MRGT_6_MMAREF-APND 2020-01-02T14:00Z 69.01255 41.82617 26.41678 0.7696 -",
    ),
    "dam/20200501_20200601_PRC_LMP_DAM_20200603_08_45_10_v1.csv": Facts(
        *(DAM, 7200, 1800, 3),
        days=("2020-05-05", "2020-05-30", 25),
        span=("2020-05-05T07:00Z", "2020-05-31T06:00Z"),
        ghg=0,
        components=(
            "34626.29012 -150.61575 48.45259",
            "34949.74137 -150.61575 46.62552",
            "-323.45108 -12.58095 6.03054",
            "0 0 0",
        ),
        spot="ZP26SLAK_5_N001 2020-05-22T02:00Z 29.84111 42.42205 -12.58095 0 -",
    ),
    "dam/20240311_20240312_PRC_LMP_DAM_20240312_22_14_34_v1.zip": Facts(
        *(DAM, 125, 25, 1),
        days=("2024-03-11", "2024-03-12", 2),
        span=("2024-03-12T06:00Z", "2024-03-13T06:00Z"),
        ghg=25,
        components=(
            "811.41983 6.23117 50.35215",
            "646.40500 -6.87173 49.19035",
            "135.81900 -1.88919 21.00486",
            "29.19581 -0.4501 2.65312",
        ),
        spot="BAYSHOR2_1_N001 2024-03-12T14:00Z 49.80003 49.19035 -1.88919 2.49887 0",
    ),
    "dam/20240312_20240316_PRC_LMP_DAM_20240313_13_40_38_v1.zip": Facts(
        *(DAM, 290, 58, 1),
        days=("2024-03-12", "2024-03-14", 3),
        span=("2024-03-12T21:00Z", "2024-03-15T06:00Z"),
        ghg=58,
        components=(
            "2204.23427 6.23117 131.34384",
            "1330.01356 -17.25518 51.52471",
            "815.17085 0 116.81836",
            "59.04988 -1.00753 3.72491",
        ),
        spot="BAYSHOR2_1_N001 2024-03-14T00:00Z 131.34384 13.55242 116.81836 0.97306 0",
    ),
    "dam/20240412_20240420_PRC_LMP_DAM_20240418_14_20_28_v1.zip": Facts(
        *(DAM, 2655, 531, 3),
        days=("2024-04-12", "2024-04-19", 8),
        span=("2024-04-12T22:00Z", "2024-04-20T06:00Z"),
        ghg=531,
        components=(
            "17217.29743 -0.85469 70.59257",
            "11665.07652 -20.91894 56.58086",
            "5201.11428 -8.29268 51.02917",
            "351.10684 -1.01372 2.92666",
        ),
        spot="EMBRCDR_2_N104 2024-04-18T02:00Z 70.59257 55.7815 12.27301 2.53806 0",
    ),
    "fmm/20230731_20230830_PRC_RTPD_LMP_RTPD_20230927_12_23_20_v2.csv": Facts(
        *(FMM, 14_400, 2880, 1),
        days=("2023-07-31", "2023-08-30", 31),
        span=("2023-07-31T08:00Z", "2023-08-30T07:45Z"),
        ghg=2880,
        components=(
            "130718.20022 -1.26473 725",
            "199022.11798 9.20338 2000",
            "-57337.34219 -1946.03 570.788",
            "-10966.57592 -16.17921 0.0846",
        ),
        spot="MIL1_3_PASGNODE 2023-08-17T01:00Z 52.97 1999 -1946.03 0 0",
    ),
    "fmm/20230917_20230919_PRC_RTPD_LMP_RTPD_20230921_11_49_39_v2.csv": Facts(
        *(FMM, 960, 192, 1),
        days=("2023-09-17", "2023-09-19", 3),
        span=("2023-09-18T00:00Z", "2023-09-19T23:45Z"),
        ghg=192,
        components=(
            "5777.93013 1.33701 62.83352",
            "6627.62836 16.34484 77.51938",
            "-872.60742 -42.68486 0.18264",
            "22.90928 -0.23712 0.82324",
        ),
        spot="CAS_PP_GNODE7 2023-09-19T01:45Z 35.25951 77.51938 -42.68486 0.42498 0",
    ),
    "hasp/20240312_20240314_PRC_HASP_LMP_HASP_20240313_12_09_29_v1.zip": Facts(
        *(HASP, 412, 103, 1),
        days=("2024-03-12", "2024-03-13", 2),
        span=("2024-03-12T19:15Z", "2024-03-13T20:45Z"),
        ghg=0,
        components=(
            "3066.08847 -8.88196 67.55454",
            "2811.25182 -0.46357 67.13385",
            "149.02825 -77.60308 30.47487",
            "105.80838 -0.03639 4.13496",
        ),
        spot="BAYSHOR2_1_N001 2024-03-12T19:45Z -8.88196 64.75183 -77.60308 3.96929 -",
    ),
    "rtd/PRC_INTVL_LMP_RTM_v1_2025-11-02_fall_back.csv": Facts(
        *(RTD, 120, 30, 1),
        days=("2025-11-02", "2025-11-02", 1),
        span=("2025-11-02T08:00Z", "2025-11-02T10:25Z"),
        ghg=0,
        components=(
            "1293.80848 36.2758 50.7666",
            "1346.98186 37.87804 52.93701",
            "0 0 0",
            "-53.17338 -2.21856 -1.59016",
        ),
        spot="TH_NP15_GEN-APND 2025-11-02T09:35Z 50.7666 52.93701 0 -2.17042 -",
    ),
}
"""Files of prices, by name under the folder."""

LOSS_ONLY = "dam/20200515_20200515_DAM_LMP_GRP_MCL_ONLY_v1_csv.zip"
EXCERPT = "rtd/EXCERPT_v3_PRC_INTVL_LMP_RTM_20250718_3rows.csv"
NO_DATA = ("errors/20210215_20210215_PUB_BID_RTM_v3.xml", "errors/no_data_single_report.xml")
PREPARING = "errors/RECONSTRUCTED_20210215_20210215_PUB_RTM_GRP_RTM_N.xml"
THROTTLE_PAGE = "errors/http_429_acceptable_use.html"
ERROR_CODES = "errors/ERROR_CODES.tsv"
OTHER_REPORTS = (
    "atlas/20230917_20230918_ATL_PNODE_MAP_N_20230921_11_06_29_v1.csv",
    "atlas/20230917_20230918_ATL_PNODE_N_20230921_12_16_19_v1.csv",
    "atlas/20230917_20230918_ATL_TAC_AREA_MAP_N_20230921_10_30_28_v1.csv",
    "xml/20160519_20160520_ENE_SLRS_DAM_20160519_17_07_07_v1.zip",
    "xml/20160520_20160522_SLD_FCST_DAM_20160520_07_29_37_v1.zip",
)
REFUSED = (LOSS_ONLY, EXCERPT, *NO_DATA, PREPARING, THROTTLE_PAGE, ERROR_CODES, *OTHER_REPORTS)
"""Files that are no loadable set of prices."""
