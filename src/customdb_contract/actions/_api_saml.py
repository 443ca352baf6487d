"""The part of `api` for SAML responses."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from customdb_contract.actions._api_parts import ApiPart

if TYPE_CHECKING:
    from customdb_contract.actions._api import PostLoginApi

__all__ = ["SAMLResponsePart"]


class SAMLResponsePart(ApiPart):
    """`api.saml_response`: attributes and settings of the SAML assertion."""

    name = "samlResponse"

    def set_attribute(self, attribute: str, value: object) -> "PostLoginApi":
        """Set an attribute; None removes it."""
        return self._call("setAttribute", attribute, value)

    def set_audience(self, audience: str) -> "PostLoginApi":
        """Set the audience."""
        return self._call("setAudience", audience)

    def set_recipient(self, recipient: str) -> "PostLoginApi":
        """Set the recipient."""
        return self._call("setRecipient", recipient)

    def set_create_upn_claim(self, create_upn_claim: bool) -> "PostLoginApi":  # noqa: FBT001 - as at Auth0
        """Set whether there is a UPN claim."""
        return self._call("setCreateUpnClaim", create_upn_claim)

    def set_passthrough_claims_with_no_mapping(self, passthrough_claims_with_no_mapping: bool) -> "PostLoginApi":  # noqa: FBT001 - as at Auth0
        """Set whether claims without a mapping are passed through."""
        return self._call("setPassthroughClaimsWithNoMapping", passthrough_claims_with_no_mapping)

    def set_map_unknown_claims_as_is(self, map_unknown_claims_as_is: bool) -> "PostLoginApi":  # noqa: FBT001 - as at Auth0
        """Set whether such claims keep their names."""
        return self._call("setMapUnknownClaimsAsIs", map_unknown_claims_as_is)

    def set_map_identities(self, map_identities: bool) -> "PostLoginApi":  # noqa: FBT001 - as at Auth0
        """Set whether there is information on identities."""
        return self._call("setMapIdentities", map_identities)

    def set_signature_algorithm(self, signature_algorithm: str) -> "PostLoginApi":
        """Set the algorithm of the signature."""
        return self._call("setSignatureAlgorithm", signature_algorithm)

    def set_digest_algorithm(self, digest_algorithm: str) -> "PostLoginApi":
        """Set the algorithm of the digest."""
        return self._call("setDigestAlgorithm", digest_algorithm)

    def set_destination(self, destination: str) -> "PostLoginApi":
        """Set the destination."""
        return self._call("setDestination", destination)

    def set_lifetime_in_seconds(self, lifetime_in_seconds: float) -> "PostLoginApi":
        """Set how long the assertion is valid."""
        return self._call("setLifetimeInSeconds", lifetime_in_seconds)

    def set_sign_response(self, sign_response: bool) -> "PostLoginApi":  # noqa: FBT001 - as at Auth0
        """Set whether the response is signed instead of the assertion."""
        return self._call("setSignResponse", sign_response)

    def set_name_identifier_format(self, name_identifier_format: str) -> "PostLoginApi":
        """Set the format of the subject."""
        return self._call("setNameIdentifierFormat", name_identifier_format)

    def set_name_identifier_probes(self, name_identifier_probes: Sequence[str]) -> "PostLoginApi":
        """Set which attributes are tried as the subject."""
        return self._call("setNameIdentifierProbes", name_identifier_probes)

    def set_authn_context_class_ref(self, authn_context_class_ref: str) -> "PostLoginApi":
        """Set the context of the authentication."""
        return self._call("setAuthnContextClassRef", authn_context_class_ref)

    def set_signing_cert(self, signing_cert: str) -> "PostLoginApi":
        """Set the certificate of signed requests."""
        return self._call("setSigningCert", signing_cert)

    def set_include_attribute_name_format(self, include_attribute_name_format: bool) -> "PostLoginApi":  # noqa: FBT001 - as at Auth0
        """Set whether attributes have a name format."""
        return self._call("setIncludeAttributeNameFormat", include_attribute_name_format)

    def set_typed_attributes(self, typed_attributes: bool) -> "PostLoginApi":  # noqa: FBT001 - as at Auth0
        """Set whether attributes have a type."""
        return self._call("setTypedAttributes", typed_attributes)

    def set_encryption_cert(self, encryption_cert: str) -> "PostLoginApi":
        """Set the certificate of the encryption."""
        return self._call("setEncryptionCert", encryption_cert)

    def set_encryption_public_key(self, encryption_public_key: str) -> "PostLoginApi":
        """Set the key of the encryption."""
        return self._call("setEncryptionPublicKey", encryption_public_key)

    def set_cert(self, cert: str) -> "PostLoginApi":
        """Set the certificate of the signature."""
        return self._call("setCert", cert)

    def set_key(self, key: str) -> "PostLoginApi":
        """Set the private key of the signature."""
        return self._call("setKey", key)

    def set_relay_state(self, relay_state: str) -> "PostLoginApi":
        """Set the relay state."""
        return self._call("setRelayState", relay_state)

    def set_issuer(self, issuer: str) -> "PostLoginApi":
        """Set the issuer."""
        return self._call("setIssuer", issuer)

    def set_encryption_algorithm(self, encryption_algorithm: str) -> "PostLoginApi":
        """Set the algorithm of the encryption."""
        return self._call("setEncryptionAlgorithm", encryption_algorithm)
