"""What parameters ask for: members, jobs, rules; and what became of them."""

from distillab.plan.cache import load_plan, plan_path

__all__ = ["load_plan", "plan_path"]
