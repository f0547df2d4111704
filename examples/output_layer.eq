# the error of the output layer: any activations, any cost
param z[L; j]
abstract a[L; k](z[L; j])
cost C(a[L; k])
