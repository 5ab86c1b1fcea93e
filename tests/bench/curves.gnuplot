# SPDX-License-Identifier: MIT
#
# Cost against capacity and channels:
#
#     leat-bench-ring --curves >curves.tsv
#     gnuplot -e 'data="curves.tsv"; output="curves.svg"' curves.gnuplot
set terminal svg size 900,400 background 'white'
set output output
set datafile missing '?'
set multiplot layout 1,2
set logscale x 2
set yrange [0:]
set grid
set key top left
set format x '2^{%L}'
set xlabel 'capacity, frames'
set ylabel 'ns per stereo frame, in and out'
plot data index 0 using 1:2 with linespoints title 'items, wake mode', \
     data index 0 using 1:3 with linespoints title 'items, poll mode', \
     data index 0 using 1:4 with linespoints title 'planar frames'
set format x '%g'
set xlabel 'channels'
set ylabel 'ns per sample, in and out'
plot data index 1 using 1:2 with linespoints title 'items, wake mode', \
     data index 1 using 1:3 with linespoints title 'items, poll mode', \
     data index 1 using 1:4 with linespoints title 'planar frames'
