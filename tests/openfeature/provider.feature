Feature: A provider on a page

  What our provider owes the SDK beyond what the flagd testbed asks of any provider.

  Scenario Outline: Before there is a plan, code gets its fallback
    Given a provider whose plan is on its way
    And a <type>-flag with key "<key>" and a default value "<default>"
    When the flag was evaluated with details
    Then the resolved details value should be "<default>"
    And the reason should be "ERROR"
    And the error-code should be "PROVIDER_NOT_READY"
    And the provider status should be "NOT_READY"

    Examples:
      | type    | key          | default |
      | Boolean | boolean-flag | false   |
      | String  | string-flag  | bye     |
      | Integer | integer-flag | 1       |
      | Float   | float-flag   | 0.1     |
      | Object  | object-flag  | {}      |

  Scenario Outline: A page whose plan cannot be used stays without it
    Given a provider whose plan is <state>
    And a Boolean-flag with key "boolean-flag" and a default value "false"
    When the flag was evaluated with details
    Then the resolved details value should be "false"
    And the error-code should be "PROVIDER_FATAL"
    And the provider status should be "FATAL"
    And the provider said "<words>"

    Examples:
      | state        | words                |
      | damaged      | cut short or damaged |
      | no plan      | not a plan file      |
      | out of reach | answered 404         |

  # Plans of any site run on the local machine, where browser tests are.
  @public-host
  Scenario: The plan of another site is not used
    Given a provider whose plan is for another site
    And a Boolean-flag with key "boolean-flag" and a default value "false"
    When the flag was evaluated with details
    Then the error-code should be "PROVIDER_FATAL"
    And the provider said "other.example"

  Scenario: A provider with a plan is ready and says so
    Given a ready event handler
    And a provider
    Then the ready event handler should have been executed
    And the provider status should be "READY"

  Scenario: An experiment that decides a flag is told with it and exposed once
    Given a provider
    And a String-flag with key "tried-flag" and a default value "none"
    When the flag was evaluated with details
    And the flag was evaluated with details
    Then the resolved details value should be "warm"
    And the variant should be "warm"
    And the reason should be "SPLIT"
    And the resolved metadata should contain
      | key         | metadata_type | value   |
      | experiment  | String        | wording |
      | planVersion | Integer       | 7       |
    And 1 exposure was told

  Scenario: A value of another type is not used, and nobody is exposed
    Given a provider
    And a Integer-flag with key "tried-flag" and a default value "3"
    When the flag was evaluated with details
    Then the resolved details value should be "3"
    And the error-code should be "TYPE_MISMATCH"
    And 0 exposures were told

  Scenario: A changed context changes what is answered
    Given a provider
    And a String-flag with key "some-email-targeted-flag" and a default value "none"
    And a context containing a key "email", with type "String" and with value "ballmer@macrosoft.com"
    When the flag was evaluated with details
    Then the resolved details value should be "hi"
    And the reason should be "TARGETING_MATCH"
    When the context is emptied
    And the flag was evaluated with details
    Then the resolved details value should be "bye"
    And the reason should be "DEFAULT"

  Scenario: The context a provider starts with counts from the first answer
    Given a context containing a key "email", with type "String" and with value "ballmer@macrosoft.com"
    And the context is set
    And a provider
    And a String-flag with key "some-email-targeted-flag" and a default value "none"
    When the flag was evaluated with details
    Then the resolved details value should be "hi"

  Scenario: Objects and dates of a context are facts
    Given a provider
    And a String-flag with key "nested-flag" and a default value "none"
    And a context containing an account since 2026-11-20
    When the flag was evaluated with details
    Then the resolved details value should be "new"

  Scenario: The targeting key is the user that shares count
    Given a provider
    And a Boolean-flag with key "rolled-out-flag" and a default value "false"
    When the flag was evaluated with details
    Then the resolved details value should be "false"
    And the reason should be "DEFAULT"
    Given a context containing a targeting key with value "user-1"
    When the flag was evaluated with details
    Then the resolved details value should be "true"
    And the reason should be "SPLIT"
    When the context is emptied
    And the flag was evaluated with details
    Then the resolved details value should be "false"

  Scenario: A context that is no JSON is refused until it is mended
    Given a provider
    And a Boolean-flag with key "boolean-flag" and a default value "false"
    And a context that contains itself
    When the flag was evaluated with details
    Then the error-code should be "INVALID_CONTEXT"
    When the context is emptied
    And the flag was evaluated with details
    Then the resolved details value should be "true"

  Scenario: What the context itself changes is no change of the configuration
    Given a provider
    And a change event handler
    And a context containing a key "email", with type "String" and with value "ballmer@macrosoft.com"
    When the context is set
    Then the change event handler should not have been executed

  Scenario Outline: Hooks see what was resolved
    Given a provider
    And a hook
    And a <type>-flag with key "<key>" and a default value "<default>"
    When the flag was evaluated with details
    Then the hook saw "<stages>"
    And its details were variant "<variant>", reason "<reason>" and error "<error>"

    Examples:
      | type    | key          | default | stages                 | variant | reason | error          |
      | Boolean | boolean-flag | false   | before, after, finally | on      | STATIC |                |
      | String  | missing-flag | none    | before, error, finally |         | ERROR  | FLAG_NOT_FOUND |
      | Integer | wrong-flag   | 13      | before, error, finally |         | ERROR  | TYPE_MISMATCH  |

  Scenario: What is tracked is a touchpoint of the visit
    Given a provider
    When "purchase" is tracked with value 49.9
    Then a touchpoint "purchase" of 4990 EUR was recorded

  Scenario: A closed provider stops what it started
    Given a provider
    And a Boolean-flag with key "boolean-flag" and a default value "false"
    When the provider is closed
    Then Parlour has stopped
