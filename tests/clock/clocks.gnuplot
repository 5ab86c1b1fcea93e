# SPDX-License-Identifier: MIT
#
# Step, drift and stall as clock-sim traces them:
#
#     clock-sim trace step >step.tsv
#     gnuplot -e 'data="step.tsv"; what="step"; output="clocks-step.svg"' \
#             clocks.gnuplot
if (!exists("kind")) kind = "svg"
if (kind eq "svg") set terminal svg size 900,640 background 'white'
if (kind eq "png") set terminal png size 900,640
set output output
set multiplot layout 2,1
set grid
set key top right
set lmargin 10
set rmargin 12
# A point a second says as much.
if (!exists('step')) step = what eq 'ramp' ? 10 : 1
set xlabel 'time, s'
if (what eq "step") set xrange [180:300]
if (what eq "ramp") set xrange [60:860]
if (what eq "stall") set xrange [80:160]
if (what eq "step") set title '100 ppm at once after 200 s; P = Q = 128, jitter 50 us'
if (what eq "ramp") set title '10 ppm a minute from 100 s to 700 s; P = Q = 128, jitter 50 us'
if (what eq "stall") set title 'JACK silent for 300 ms at 100 s; P = Q = 128, 200 ppm, jitter 50 us'
set ylabel 'speed, ppm'
plot data every step using 1:4 with lines lw 2 lc rgb '#bbbbbb' title 'the truth', \
     data every step using 1:3 with lines lc rgb '#0060ad' title 'what is played'
unset title
set ylabel 'latency off the target, frames'
set y2label 'bandwidth, Hz'
set ytics nomirror
set y2tics
set logscale y2
set format y2 '10^{%L}'
plot data every step using 1:2 with lines lc rgb '#0060ad' title 'latency', \
     data every step using 1:5 axes x1y2 with lines lc rgb '#dd8452' title 'bandwidth'
