"""What a params file asks for: parameters, members, jobs, rules."""

from distillab.plan.cache import load_plan, plan_path

__all__ = ["load_plan", "plan_path"]
