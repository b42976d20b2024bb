"""Where the fault is: evidence by second, facts from outside, rules, findings. Pure, numpy."""
