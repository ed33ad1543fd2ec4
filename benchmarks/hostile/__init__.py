"""A campaign of random calls, valid and hostile, that no estimator may answer badly."""
