"""Environments in which a program is user and service at once, with contexts of one enctype."""

from peers.realm import ENCTYPES, Realm


def environments(realm: Realm) -> dict[int, dict[str, str]]:
    """environments makes a service for each enctype and says, by its number, what the environment of a program is that is alice and
    the service nfsNUMBER@localhost. Only that enctype is permitted there: else the acceptor's key would be of its first choice,
    whatever the ticket's. To be called once for a realm."""
    return {number: {**realm.env(), "KRB5_CONFIG": str(realm.config_for(number)), "KRB5RCACHENAME": "none:",
                     "KRB5CCNAME": f"FILE:{realm.directory}/ccache-{number}", "KRB5_CLIENT_KTNAME": str(realm.user_keytab("alice")),
                     "KRB5_KTNAME": str(realm.add(f"nfs{number}/localhost", number)), "GATEHOUSE_TEST_ENCTYPE": str(number)}
            for number in ENCTYPES}
