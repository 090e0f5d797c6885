"""CcInfo under a name that does not hide it."""

built_in_cc_info = CcInfo
