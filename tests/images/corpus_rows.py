"""Where our verdict is not simply the manifest's: each with its reason."""

from __future__ import annotations

HEIC_IS_READ = frozenset({"thumbor/f44a00_image.heic"})
"""Rows that the manifest refuses because its decoders had no HEVC: ours reads it."""

UNCOMPRESSED = "not HEVC: raw samples in HEIF (ISO/IEC 23001-17), which libheif in pillow-heif's \
wheel cannot decode and no camera writes; refused as photo.format with a sentence"

STILL_REFUSED = {
    "heic_unsupported/1f5688_uncompressed_mix_YUV_422.heif": UNCOMPRESSED,
    "heic_unsupported/34c55d_uncompressed_comp_B16R16G16_tiled.heif": UNCOMPRESSED,
    "heic_unsupported/98c942_uncompressed_mix_YUV_420.heif": UNCOMPRESSED,
    "heic_unsupported/a0d51e_uncompressed_tile_R7G7B7_tiled.heif": UNCOMPRESSED,
    "heic_unsupported/d4adc5_uncompressed_tile_RGB_tiled.heif": UNCOMPRESSED,
    "heic_unsupported/e6d0c5_uncompressed_comp_M.heif": UNCOMPRESSED,
}
"""Rows that were expected to become readable with HEIC, and why they do not: the manifest's own
verdict, reject, stands."""

CHOICES = {
    "apng/58ca90_chunk_no_fctl.png": "ok",
    "avif/1ef86b_ossom-small.profile2.12bpc.yuv420.alpha-full.monochrome.avif": "ok",
    "avif/1ef86b_ossom-small.profile2.12bpc.yuv444.alpha-full.monochrome.avif": "ok",
    "avif/3e6021_lossom-small.profile2.8bpc.yuv422.alpha-full.monochrome.avif": "ok",
    "avif/43ede8_plum-blossom-large.profile2.12bpc.yuv422.alpha-limited.avif": "ok",
    "avif/8e9d45_som-large.profile0.8bpc.yuv420.alpha-limited.monochrome.avif": "ok",
    "avif/ec30fc_ossom-large.profile2.12bpc.yuv420.alpha-full.monochrome.avif": "ok",
    "avif/ec30fc_ossom-large.profile2.12bpc.yuv444.alpha-full.monochrome.avif": "ok",
    "avif/faf043_plum-blossom-small.profile2.12bpc.yuv422.alpha-full.avif": "ok",
    "cmyk/412072_TODO_hpredict_cmyk.tiff": "ok",
    "crash_tiff/6e4e9b_crash-0da013a13571cc8eb457a39fee8db18f8a3c7127.tif": "photo.damaged",
    "fuzz_go/8d7f97_12c78abf392fdda9bfe61e9796fbfcc20dfe802d-1": "photo.damaged",
    "fuzz_go/958dac_dd5d18d03f0ad8493d36b8b69078ce332f6f7144-1": "ok",
    "fuzz_go/a08e2c_df6c8819922811197eb8b17369e379060099fce8-1": "photo.damaged",
    "fuzz_go/c24518_0b358b134f47c7ed22b4bcd3cf666c5b83334276-2": "photo.damaged",
    "gen_bomb/gif_100k_1px_frames.gif": "photo.pages",
    "gen_bomb/gif_20000f_1k.gif": "photo.pages",
    "gen_bomb/gif_65535_sq.gif": "photo.side",
    "gen_bomb/png_rgb16_12k.png": "ok",
    "gen_bomb/png_tall_1x200M.png": "photo.side",
    "gen_bomb/png_text_50k_chunks.png": "photo.chunks",
    "gen_corrupt/flip_1a4241_hopper_g4_500.tif": "photo.damaged",
    "gen_corrupt/flip_2e3ecc_tiff_tiled_planar_raw.tif": "photo.damaged",
    "gen_corrupt/flip_b64486_olympus-c960.jpg": "ok",
    "gen_corrupt/flip_b69c32_fox.profile0.8bpc.yuv420.monochrome.odd-height.avif": "photo.damaged",
    "gen_corrupt/flip_cbc2bb_sdr_cosmos12920_cicp1-13-6_yuv444_full_qp20.avif": "photo.damaged",
    "gen_corrupt/flip_e9e55f_hato.profile0.8bpc.yuv420.monochrome.no-cdef.avif": "photo.damaged",
    "gen_corrupt/t995_93c3f1_a_fli.png": "photo.damaged",
    "gen_photo/lab.tif": "ok",
    "gen_photo/panorama_30000x3000.jpg": "ok",
    "heif_fuzz/031b90_uncompressed_pix_ABGR_tiled.heic": "photo.format",
    "heif_fuzz/05aa7f_uncompressed_row_M_tiled.heic": "photo.format",
    "heif_fuzz/07cce7_uncompressed_tile_M_tiled.heic": "photo.format",
    "heif_fuzz/081b9b_uncompressed_row_R7G7_1B7_tiled.heic": "photo.format",
    "heif_fuzz/0836a7_uncompressed_comp_YUV_420.heic": "photo.format",
    "heif_fuzz/09a046_colors-with-alpha-thumbnail.heic": "ok",
    "heif_fuzz/130e7c_uncompressed_row_M.heic": "photo.format",
    "heif_fuzz/1d8294_terfuzz-testcase-minimized-file-fuzzer-5651556035198976.heic": "photo.damaged",  # noqa: E501 - a file's name
    "heif_fuzz/30c440_uncompressed_row_RGB.heic": "photo.format",
    "heif_fuzz/4b905a_rgb_generic_compressed_zlib_tiled.heic": "photo.format",
    "heif_fuzz/54820e_uncompressed_mix_VUY_422.heic": "photo.format",
    "heif_fuzz/54c0d9_uncompressed_comp_YUV_tiled.heic": "photo.format",
    "heif_fuzz/7238f7_uncompressed_row_YUV_tiled.heic": "photo.format",
    "heif_fuzz/730106_uncompressed_comp_B16R16G16.heic": "photo.format",
    "heif_fuzz/7b299c_uncompressed_row_R7_1G7_1B7_1_tiled.heic": "photo.format",
    "heif_fuzz/8f8db7_uncompressed_row_B16R16G16_tiled.heic": "photo.format",
    "heif_fuzz/936ffe_avc32.heif": "photo.format",
    "heif_fuzz/9ffe09_j2k32.heif": "photo.format",
    "heif_fuzz/a9969b_uncompressed_row_RGB_tiled_row_tile_align.heic": "photo.format",
    "heif_fuzz/ae8b8d_uncompressed_pix_RGxB.heic": "photo.format",
    "heif_fuzz/bf4d87_uncompressed_comp_YUV_422.heic": "photo.format",
    "heif_fuzz/c74129_uncompressed_comp_RGB.heic": "photo.format",
    "heif_fuzz/d0a012_uncompressed_comp_ABGR.heic": "photo.format",
    "heif_fuzz/d25e07_github_44.heic": "photo.damaged",
    "heif_fuzz/d94e68_uncompressed_row_R5G6B5_tiled.heic": "photo.format",
    "heif_fuzz/dac85f_uncompressed_pix_RGB.heic": "photo.format",
    "heif_fuzz/de274d_uncompressed_row_RGxB.heic": "photo.format",
    "heif_fuzz/e14858_seq_seed.heif": "photo.damaged",
    "heif_fuzz/e3861a_terfuzz-testcase-minimized-file-fuzzer-5724458239655936.heic": "photo.damaged",  # noqa: E501 - a file's name
    "heif_fuzz/f43299_terfuzz-testcase-minimized-file-fuzzer-6045213633282048.heic": "photo.format",
    "imagor/a4a6f6_bmp_24.bmp": "photo.format",
    "tiff/121a7a_scale.hdr.tiff": "ok",
    "tiff/299386_hopper.Lab.tif": "photo.damaged",
    "tiff/2e3ecc_tiff_tiled_planar_raw.tif": "photo.damaged",
    "tiff/6b1d96_rgb32f_bw.tiff": "ok",
    "tiff/6cc627_rgb32f_color.tiff": "ok",
    "tiff/6d9822_old-rle.hdr.tiff": "ok",
    "tiff/89a8c5_hopper_unknown_pixel_mode.tif": "ok",
    "tiff/8d726c_old-style-jpeg-compression.tif": "photo.damaged",
    "tiff/aa2546_10ct_32bit_128.tiff": "photo.damaged",
    "tiff/ae7773_tiff_tiled_planar_16bit_RGBa.tiff": "photo.damaged",
    "tiff/be51a7_separate_planar_extra_samples.tiff": "photo.damaged",
    "tiff/d43ba9_old-style-jpeg-compression-no-samplesperpixel.tif": "photo.damaged",
    "tiff/d7ca08_hopper_lzma.tif": "photo.damaged",
    "tiff/ee9dbb_ojpeg-strip.tif": "photo.damaged",
    "tiff/ff3cba_rgbr4x4.hdr.tiff": "ok",
}
"""What we give where the verdict is a choice (use soft or policy) or only has to be bounded (the
heif_fuzz files): "ok" or the code. Written down so that a change is seen, not because it is right.
gif_65535_sq is one pixel on a canvas that says 65,535 x 65,535: we believe the canvas."""
