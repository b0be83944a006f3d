"""Recorded studies: tables that lessons quote."""
