# from layer to layer: the next weighted inputs are any functions of these
data z[0; j]
for l = 1..L:
    abstract z[l; k](z[l-1; j])
cost C(z[L; k])
