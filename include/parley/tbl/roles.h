/* Roles in a group (PROTOCOL.md 3), the highest first: X(NAME, stored number, "name in frames"). */
X(OWNER, 1, "owner")
X(ADMIN, 2, "admin")
X(MEMBER, 3, "member")
