"""Answers kept for the repetition of a call."""

FIND = """
    SELECT tool, digest, answer FROM request
    WHERE plan_id = :plan AND agent = :agent AND request_id = :request
"""
KEEP = """
    INSERT INTO request (plan_id, agent, request_id, tool, digest, answer, at)
    VALUES (:plan, :agent, :request, :tool, :digest, :answer, :at)
"""
FORGET_ONE = """
    DELETE FROM request WHERE plan_id = :plan AND agent = :agent AND request_id = :request
"""
FORGET = """
    DELETE FROM request WHERE (plan_id, agent, request_id) IN (
        SELECT plan_id, agent, request_id FROM request WHERE at < :before LIMIT 50
    )
"""
