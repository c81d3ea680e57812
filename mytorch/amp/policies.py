"""What autocast does to which functions, as in torch: a table for the CPU and one for GPUs.

Functions that are in no list run in the dtype of their inputs.
"""

# in the low precision
PRODUCTS = """
    matmul mm bmm addmm addbmm baddbmm einsum tensordot chain_matmul linalg.multi_dot linalg.vecdot
    nn.functional.linear nn.functional.scaled_dot_product_attention nn.functional.prelu
    nn.functional.conv1d nn.functional.conv2d nn.functional.conv3d nn.functional.conv_transpose1d
    nn.functional.conv_transpose2d nn.functional.conv_transpose3d
"""
LOSSES = """
    nn.functional.mse_loss nn.functional.l1_loss nn.functional.smooth_l1_loss nn.functional.huber_loss
    nn.functional.cross_entropy nn.functional.nll_loss nn.functional.kl_div nn.functional.poisson_nll_loss
    nn.functional.cosine_embedding_loss nn.functional.hinge_embedding_loss nn.functional.margin_ranking_loss
    nn.functional.soft_margin_loss nn.functional.triplet_margin_loss nn.functional.multi_margin_loss
    nn.functional.multilabel_margin_loss nn.functional.binary_cross_entropy_with_logits
    nn.functional.ctc_loss
"""
CPU = {
    "low": PRODUCTS + "linalg.matrix_power",
    # in float32
    "float32": LOSSES
    + """
        nn.functional.binary_cross_entropy prod trace quantile nanquantile cdist polar view_as_complex
        nn.functional.avg_pool3d nn.functional.adaptive_avg_pool3d nn.functional.adaptive_max_pool3d
        nn.functional.max_pool3d nn.functional.grid_sample nn.functional.local_response_norm
        stft fft.fft fft.ifft fft.fft2 fft.ifft2 fft.fftn fft.ifftn fft.rfft fft.irfft fft.rfft2 fft.irfft2
        fft.rfftn fft.irfftn fft.hfft fft.ihfft
        linalg.cond linalg.matrix_rank linalg.solve linalg.cholesky linalg.inv linalg.svd
        linalg.svdvals linalg.eig linalg.eigvals linalg.eigh linalg.eigvalsh linalg.lstsq linalg.qr
        linalg.tensorinv linalg.tensorsolve linalg.householder_product geqrf
    """,
    "edges in float32": "nn.functional.pad",  # unless they are constant or circular
    # in the widest dtype among the inputs
    "widest": "cat stack index_copy",
    # in the dtype of the inputs: what is written with products of the lists here
    "as given": "mv dot vdot inner addmv addr matrix_exp linalg.pinv nn.functional.bilinear",
}
GPU = {
    "low": PRODUCTS + "mv addmv",
    "float32": LOSSES
    + """
        acos asin cosh sinh tan exp expm1 log log10 log2 log1p reciprocal rsqrt erfinv pow cumprod cumsum dist
        logsumexp prod sum norm linalg.vector_norm linalg.matrix_norm softmax log_softmax
        nn.functional.softmin nn.functional.softplus nn.functional.gelu nn.functional.layer_norm
        nn.functional.group_norm nn.functional.cosine_similarity nn.functional.normalize
        nn.functional.multilabel_soft_margin_loss nn.functional.gaussian_nll_loss nn.functional.pdist
        cdist polar renorm
    """,
    "widest": """
        cat stack index_copy addcdiv addcmul atan2 cross dot nn.functional.bilinear nn.functional.grid_sample
        index_put scatter_add
    """,
    "refused": "nn.functional.binary_cross_entropy",
}
